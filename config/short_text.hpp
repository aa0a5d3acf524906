#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace kvc {

/// The length of the longest short text.
inline constexpr std::size_t max_short_text = 256;

/// Returns whether `text` has at most 256 characters, all printable ASCII.
/// Such names appear in logs, JSON and terminals as they are. Controllers
/// refuse workers that have others.
inline bool is_short_printable(std::string_view text) {
  return text.size() <= max_short_text &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace kvc
