#pragma once

#include <string>
#include <utility>
#include <vector>

namespace kvc {

/// Returns the words of a command line with "--flag=" as two words, the second
/// of which is empty: of the one, CLI11 makes a flag whose value is the next
/// word, whatever that is.
inline std::vector<std::string> split_empty_values(
  std::vector<std::string> words) {
  std::vector<std::string> result;
  for (auto& word : words) {
    const bool is_empty_value =
      word.starts_with("--") && word.find('=') == word.size() - 1;
    if (is_empty_value)
      word.pop_back();
    result.push_back(std::move(word));
    if (is_empty_value)
      result.emplace_back();
  }
  return result;
}

}  // namespace kvc
