#pragma once

#include "actors/index/kv_index.hpp"
#include "messages/index_shard.hpp"

#include <optional>
#include <unordered_map>

namespace kvc {

/// Takes the reports of all workers for one shard: checks their order, notices
/// gaps, carries out full syncs. Is the only writer of the shard's index. (At
/// the other end of each stream is a worker's report_stream.)
class report_intake {
 public:
  /// Reports with more keys than `max_report_keys` are invalid.
  report_intake(kv_index& index, std::uint32_t max_report_keys)
      : index_(index), max_report_keys_(max_report_keys) {}

  /// Accepts reports of an epoch from now on. Changes nothing if the epoch is
  /// open already.
  epoch_opened open(const open_epoch& request);

  /// From now on the epoch's reports are stale and its memberships invisible.
  void close(std::uint64_t epoch);

  /// Applies a report if it is the next one of its epoch or begins a full sync.
  /// A report that was applied before changes nothing.
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
