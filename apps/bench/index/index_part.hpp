#pragma once

#include "apps/bench/figure_log.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace kvc {

struct index_part_options {
  std::uint64_t memberships = 10'000'000;
  std::size_t repetitions = 3;
};

/// Measures the index in this process, adds the figures to `figures`, and
/// returns a table for people.
std::string measure_index_part(const index_part_options& options,
                               figure_log& figures);

}  // namespace kvc
