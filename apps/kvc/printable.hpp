#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// Returns `text` with whatever could control a terminal written as in "\x1b":
/// control characters, changes of direction, what is not UTF-8.
std::string printable(std::string_view text);

struct column {
  std::string title;
  bool is_number = false;  ///< Aligned to the right.
};

/// Returns an aligned table with a line per row. A row has a cell per column.
/// The cells are made printable.
std::string render_table(const std::vector<column>& columns,
                         std::vector<std::vector<std::string>> rows);

/// Returns, say, "1.5 GiB".
std::string render_bytes(std::uint64_t bytes);

/// Returns, say, "2026-11-22 21:30:11", in UTC; "-" for 0.
std::string render_time(double seconds_since_epoch);

}  // namespace kvc
