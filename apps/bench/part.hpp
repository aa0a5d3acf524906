#pragma once

#include "apps/bench/figure_log.hpp"

#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace kvc {

/// What every part of the bench is told.
struct bench_options {
  double seconds = 0.3;  ///< Of each measurement of lookups.
  std::uint64_t memberships = 1'000'000;
  std::size_t repetitions = 3;

  // Of the part "replay":
  std::string trace;         ///< A file.
  std::uint32_t copies = 1;  ///< Of each request, with prompts of its own.
  double time_scale = 0.01;  ///< Real seconds per second of the trace.
  std::uint32_t instances = 4;
  std::uint32_t ranks = 2;

  std::filesystem::path folder;     ///< Of the logs.
  std::filesystem::path json_file;  ///< Takes all figures; may be empty.
  std::shared_ptr<figure_log> figures = std::make_shared<figure_log>();
};

/// Writes a line of the table, at once.
void print(const std::string& line);

/// Returns the middle one; `values` must not be empty.
double median(std::vector<double> values);

}  // namespace kvc
