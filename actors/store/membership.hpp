#pragma once

#include "messages/worker_id.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// Is told of every change of what a worker holds.
class membership_listener {
 public:
  virtual ~membership_listener() = default;

  /// The chunks `hashes` are in `where` now (admitted) or no longer (evicted).
  /// Called by any thread, under the lock of the store that changed, so that
  /// the calls for one chunk come in the order of its changes; must be short
  /// and must not call back.
  virtual void chunks_admitted(location where,
                               std::span<const std::uint64_t> hashes) = 0;
  virtual void chunks_evicted(location where,
                              std::span<const std::uint64_t> hashes) = 0;
};

/// Lists what a worker holds, piece by piece and beside running changes.
class membership_source {
 public:
  virtual ~membership_source() = default;

  struct scan_step {
    std::uint64_t next_cursor = 0;  ///< 0 at the end.
    std::vector<std::uint64_t> hashes;
  };

  /// Returns the chunks of `where` found in at most `max_entries` places from
  /// `cursor` (0 to begin). A chunk that is held from the first step to the
  /// last is found exactly once; one admitted or evicted meanwhile may be
  /// missing or found: its change reaches the membership_listener. Locks for
  /// one step only.
  virtual scan_step scan(location where, std::uint64_t cursor,
                         std::size_t max_entries) const = 0;

  /// What each configured location holds.
  virtual std::vector<location_usage> usage() const = 0;
};

}  // namespace kvc
