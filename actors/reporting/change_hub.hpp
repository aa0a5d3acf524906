#pragma once

#include "actors/reporting/change_log.hpp"
#include "actors/store/membership.hpp"

#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

namespace kvc {

/// Distributes the changes of a rank's stores to one log per shard.
/// Thread-safe: the stores write, one report_stream per shard reads.
class change_hub : public membership_listener {
 public:
  /// Is called with a shard's number when its log is no longer empty. The
  /// thread that changes a store calls it, so it must be short.
  using wake_function = std::function<void(std::size_t shard)>;

  /// Where chunks belong, see `shard_of`.
  struct layout {
    std::uint64_t key_multiplier = 1;
    std::size_t shard_count = 0;

    friend bool operator==(const layout&, const layout&) = default;
  };

  /// Starts over with empty logs; before the first start, changes are dropped.
  void start(layout shards, wake_function wake);

  /// Drops all changes from now on.
  void stop();

  void chunks_admitted(location where,
                       std::span<const std::uint64_t> hashes) override;
  void chunks_evicted(location where,
                      std::span<const std::uint64_t> hashes) override;

  /// Moves up to `max_keys` changes of `shard` to the end of `report`. Returns
  /// whether there were any; if not, the next one wakes the reader.
  bool take(std::size_t shard, std::size_t max_keys, chunk_report& report);

  /// See change_log.
  void begin_scan(std::size_t shard);
  void end_scan(std::size_t shard);
  bool has_overflowed(std::size_t shard) const;

  /// Returns how many changes of `shard` wait.
  std::size_t backlog(std::size_t shard) const;

  /// Returns how often waiting changes of `shard` were put into another order.
  std::uint64_t reorderings(std::size_t shard) const;

  layout shards() const;

 private:
  struct outbox {
    change_log log;
    bool wants_wake = false;
    std::vector<std::uint64_t> part;  ///< Of the call that is running.
  };

  void add(location where, bool is_admission,
           std::span<const std::uint64_t> hashes);
  void add_to(std::size_t shard, location where, bool is_admission,
              std::span<const std::uint64_t> hashes);

  mutable std::mutex mutex_;
  layout layout_;
  wake_function wake_;
  std::vector<outbox> outboxes_;  ///< By shard; empty while stopped.
};

}  // namespace kvc
