#pragma once

#include "apps/bench/part.hpp"

namespace kvc {

/// Measures lookups over HTTP and prints them.
caf::expected<void> bench_http_lookups(const bench_options& options);

}  // namespace kvc
