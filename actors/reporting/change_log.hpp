#pragma once

#include "messages/index_shard.hpp"
#include "messages/worker_id.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// The changes that wait to be reported to one shard, in order. While they
/// cannot be sent it keeps, per chunk and location, the final state only, and
/// so stays in proportion to what the worker holds. Not thread-safe.
class change_log {
 public:
  void add(location where, bool is_admission,
           std::span<const std::uint64_t> hashes);

  /// Moves up to `max_keys` changes to the end of `report`.
  void take(std::size_t max_keys, chunk_report& report);

  bool is_empty() const { return first_key_ == keys_.size(); }

  /// Changes that wait.
  std::size_t size() const { return keys_.size() - first_key_; }

  /// How often what waits has been put into another order.
  std::uint64_t reorderings() const { return reorderings_; }

  /// Forgets everything and expects a scan of what the worker holds, so that
  /// chunks that come and go meanwhile must be remembered.
  void begin_scan();

  /// The scan has found all that it will.
  void end_scan() { is_scanning_ = false; }

  /// Whether so much changed since the scan began that a new one is cheaper;
  /// until then, changes are dropped.
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
