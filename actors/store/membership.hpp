#pragma once

#include "messages/worker_id.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// Is told of every change to what a worker holds.
class membership_listener {
 public:
  virtual ~membership_listener() = default;

  /// The chunks `hashes` are in `where` from now on (admitted), or no longer
  /// (evicted). Any thread calls it, holding the lock of the store that
  /// changed, so that the calls for a chunk come in the order of its changes.
  /// It must be short and must not call back.
  virtual void chunks_admitted(location where,
                               std::span<const std::uint64_t> hashes) = 0;
  virtual void chunks_evicted(location where,
                              std::span<const std::uint64_t> hashes) = 0;
};

/// Lists what a worker holds, piece by piece, while that may change.
class membership_source {
 public:
  virtual ~membership_source() = default;

  struct scan_step {
    std::uint64_t next_cursor = 0;  ///< 0 at the end.
    std::vector<std::uint64_t> hashes;
  };

  /// Looks at `max_entries` places of `where` at most, from `cursor` on, which
  /// is 0 at first, and returns the chunks there. A chunk that is held from the
  /// first step to the last is found exactly once. One that is admitted or
  /// evicted meanwhile may be missed; the membership_listener is told of it.
  virtual scan_step scan(location where, std::uint64_t cursor,
                         std::size_t max_entries) const = 0;

  /// Returns one entry for each configured location.
  virtual std::vector<location_usage> usage() const = 0;
};

}  // namespace kvc
