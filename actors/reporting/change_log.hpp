#pragma once

#include "messages/index_shard.hpp"
#include "messages/worker_id.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// The changes that wait to be reported to one shard, in order. When many wait,
/// only the final state of each chunk and location is kept, so that the log
/// stays in proportion to what the rank holds. Not thread-safe.
class change_log {
 public:
  void add(location where, bool is_admission,
           std::span<const std::uint64_t> hashes);

  /// Moves up to `max_keys` changes to the end of `report`.
  void take(std::size_t max_keys, chunk_report& report);

  bool is_empty() const { return first_key_ == keys_.size(); }

  /// Returns how many changes wait.
  std::size_t size() const { return keys_.size() - first_key_; }

  /// Returns how often waiting changes were put into another order.
  std::uint64_t reorderings() const { return reorderings_; }

  /// Forgets everything: a scan of what the rank holds begins. Until it ends,
  /// chunks that come and go must be remembered, because it may find them.
  void begin_scan();

  /// The scan has found everything.
  void end_scan() { is_scanning_ = false; }

  /// Returns whether so much changed since the scan began that a new scan is
  /// cheaper. From then on until the next scan, changes are dropped.
  bool has_overflowed() const { return has_overflowed_; }

 private:
  void compact();
  void drop_taken();
  void clear();

  std::vector<report_run> runs_;
  std::vector<std::uint64_t> keys_;
  std::size_t first_run_ = 0;  ///< Those before it are taken.
  std::size_t first_key_ = 0;
  std::size_t compact_at_ = 0;
  std::size_t evictions_ = 0;  ///< Among those that wait.
  std::uint64_t reorderings_ = 0;
  bool is_scanning_ = false;
  bool has_scan_changes_ = false;  ///< Some changes are from a scan's time.
  bool has_overflowed_ = false;
};

}  // namespace kvc
