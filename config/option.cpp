#include "config/option.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <numeric>
#include <sstream>

namespace kvc {

namespace {

/// Levenshtein's distance.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

const option* option_table::find(std::string_view key) const {
  for (const auto& entry : options)
    if (entry.key == key ||
        std::find(entry.aliases.begin(), entry.aliases.end(), key) !=
          entry.aliases.end())
      return &entry;
  return nullptr;
}

bool option_table::is_unsupported(std::string_view key) const {
  return std::any_of(
    unsupported.begin(), unsupported.end(), [&](std::string_view pattern) {
      return pattern.ends_with('*')
               ? key.starts_with(pattern.substr(0, pattern.size() - 1))
               : key == pattern;
    });
}

std::string option_table::nearest_to(std::string_view name) const {
  std::vector<std::string> candidates;
  for (const auto& entry : options) {
    candidates.push_back(entry.key);
    candidates.insert(candidates.end(), entry.aliases.begin(),
                      entry.aliases.end());
  }
  for (const auto& pattern : unsupported)
    if (!pattern.ends_with('*'))
      candidates.push_back(pattern);
  return nearest_name(candidates, name);
}

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream stream{std::string{text}};
  return {std::istream_iterator<std::string>{stream}, {}};
}

std::string nearest_name(const std::vector<std::string>& candidates,
                         std::string_view name) {
  constexpr std::size_t longest = 100;
  name = name.substr(0, longest);
  return *std::min_element(
    candidates.begin(), candidates.end(), [name](const auto& a, const auto& b) {
      return edit_distance(a, name) < edit_distance(b, name);
    });
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string result = "\"";
  for (const char c : text.substr(0, longest))
    result += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? '?' : c;
  return result + (text.size() > longest ? "...\"" : "\"");
}

std::string described(const YAML::Node& node) {
  if (node.IsScalar())
    return in_quotes(node.Scalar());
  if (node.IsSequence())
    return "a list";
  return node.IsMap() ? "a map" : "nothing";
}

}  // namespace kvc
