#pragma once

#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace kvc {

/// What every part of the bench is told.
struct bench_options {
  double seconds = 2;  ///< Of each measurement of lookups.
  std::uint64_t memberships = 1'000'000;
  std::size_t repetitions = 3;
  std::filesystem::path folder;  ///< Of the logs.
};

/// Writes a line of the table, at once.
void print(const std::string& line);

/// Returns the middle one; `values` must not be empty.
double median(std::vector<double> values);

}  // namespace kvc
