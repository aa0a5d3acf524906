#pragma once

#include "apps/bench/cluster.hpp"

namespace kvc {

/// How long the fleet needs to show what happened to it, in milliseconds. Each
/// is the median of several kills.
struct recovery_times {
  double worker_gone_ms = 0;  ///< From kill -9 to the first lookup without it.
  double controller_back_ms =
    0;  ///< From listening to all memberships counted.
};

/// Kills a worker and the controller, `repetitions` times each, with
/// `memberships` in one other worker. Logs go to `folder`. Fails with
/// unreachable or timed_out.
caf::expected<recovery_times> measure_recovery(
  const std::filesystem::path& folder, std::uint64_t memberships,
  std::size_t repetitions);

}  // namespace kvc
