#pragma once

#include "actors/index/kv_index.hpp"
#include "messages/index_shard.hpp"

#include <optional>
#include <unordered_map>

namespace kvc {

/// The rules of one shard's report streams: order, gaps, full syncs. Writes to
/// the shard's index, of which it must be the only writer.
class report_intake {
 public:
  /// Reports with more keys than `max_report_keys` are invalid.
  report_intake(kv_index& index, std::uint32_t max_report_keys)
      : index_(index), max_report_keys_(max_report_keys) {}

  /// Accepts reports of `epoch` from now on. Opening an open epoch changes
  /// nothing.
  epoch_opened open(const open_epoch& request);

  /// Its reports are stale and its memberships invisible from now on.
  void close(std::uint64_t epoch);

  /// Applies a report, if it is the next one of its epoch or begins a full
  /// sync. Repeating a report that was applied changes nothing.
  report_ack apply(const chunk_report& report);

 private:
  struct stream {
    std::uint32_t worker_slot = 0;
    std::uint64_t applied_sequence = 0;
    std::optional<kv_index::generation_id> complete;
    std::optional<kv_index::generation_id> filling;
  };

  bool is_well_formed(const chunk_report& report) const;
  void begin_sync(stream& s, std::uint64_t epoch);
  void end_sync(stream& s);

  kv_index& index_;
  std::uint32_t max_report_keys_;
  std::unordered_map<std::uint64_t, stream> streams_;
};

}  // namespace kvc
