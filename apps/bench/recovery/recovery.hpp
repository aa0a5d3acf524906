#pragma once

#include "apps/bench/cluster.hpp"

namespace kvc {

/// How long the fleet needs to show what happened to it, in milliseconds. Each
/// is the median of several times.
struct recovery_times {
  double worker_gone_ms = 0;   ///< From kill -9 to a lookup without it.
  double stopped_gone_ms = 0;  ///< From SIGSTOP to a lookup without it.
  double continued_ms = 0;     ///< From SIGCONT to a lookup with all it holds.
  double healed_ms = 0;        ///< The same, from the end of a cut of its link.
  std::size_t resumed = 0;     ///< Cuts that cost no full sync.

  /// From listening to all memberships counted.
  double controller_back_ms = 0;

  std::size_t lookups = 0;    ///< Answered in that time, in all repetitions.
  double lookup_p999_us = 0;  ///< Of them, as the client saw it.
  double lookup_cpu_p999_us = 0;  ///< Of the controller's processor.
};

/// Stops, cuts off and kills a worker and kills the controller, `repetitions`
/// times each, with `memberships` in one other worker. Logs go to `folder`.
/// Fails with unreachable or timed_out.
caf::expected<recovery_times> measure_recovery(
  const std::filesystem::path& folder, std::uint64_t memberships,
  std::size_t repetitions);

}  // namespace kvc
