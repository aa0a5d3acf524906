#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace kvc {

struct index_part_options {
  std::uint64_t memberships = 10'000'000;
  std::size_t repetitions = 3;
  bool is_json = false;
};

/// Measures the index in this process and returns what to print: a table for
/// people, or one line of JSON.
std::string measure_index_part(const index_part_options& options);

}  // namespace kvc
