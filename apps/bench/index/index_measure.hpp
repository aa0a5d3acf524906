#pragma once

#include <cstddef>
#include <cstdint>

namespace kvc {

/// What the index did and what memory would have allowed, in the same run.
struct index_speed {
  double changes_per_second = 0;  ///< Admissions and evictions, of one core.
  double bound_per_second = 0;    ///< Updates of two random cache lines.
  double bound_spread = 0;        ///< Fastest by slowest: 1 on a quiet machine.
  double resident_bytes = 0;      ///< Per membership.
  double report_p999_us = 0;      ///< Of 64 keys, while the table grew.
  double report_max_us = 0;

  /// The longest pause of a loop that only reads the clock, as long as the
  /// table grew: what the machine does to a core whatever it computes.
  double pause_max_us = 0;
};

/// Lookups of 47 chunks, in microseconds, while a thread reports half the time.
struct index_lookup_times {
  double cpu_p50 = 0;
  double cpu_p99 = 0;
  double wall_p50 = 0;
  double wall_p99 = 0;
  double bound = 0;            ///< Reading as many random lines.
  std::uint64_t failures = 0;  ///< Answers other than the whole prompt.
};

/// What was measured with one table.
struct index_figures {
  index_speed speed;
  index_lookup_times lookups;
};

/// Fills an index with `memberships`, each chunk with `holders`, and changes
/// it at that size.
index_figures measure_index(std::uint64_t memberships, std::uint32_t holders,
                            std::size_t repetitions);

/// How long a core needs for a lookup of 47 chunks that one worker holds, in
/// microseconds.
struct index_crowding {
  double alone_us = 0;  ///< There is no other worker.
  double crowd_us = 0;  ///< There are 511 others.
};

/// Asks two tables of `memberships` each, in turn.
index_crowding measure_crowding(std::uint64_t memberships);

/// What forgetting a worker costs, in microseconds.
struct index_forgetting {
  double invisible_us = 0;    ///< Of wall time.
  double report_p999_us = 0;  ///< Of 128 keys, until all is swept; core's time.
  double lookup_p999_us = 0;
  double sweep_p999_us = 0;  ///< One step.
  double swept_ms = 0;       ///< All steps, core's time.
};

/// Forgets a worker with 1 million of `memberships`.
index_forgetting measure_forgetting(std::uint64_t memberships);

}  // namespace kvc
