#pragma once

#include "apps/bench/part.hpp"

namespace kvc {

/// Prints what measure_transfer measures.
caf::expected<void> bench_transfer(const bench_options& options);

}  // namespace kvc
