#pragma once

#include "apps/bench/part.hpp"

namespace kvc {

/// Replays `options.trace` with a fleet that stores and fetches its prompts,
/// and then asks the controller for the same prompts over HTTP: as fast as it
/// answers, and when the trace's requests came. Fails with invalid_request
/// if the trace is not one, unreachable or timed_out.
caf::expected<void> bench_trace(const bench_options& options);

}  // namespace kvc
