#pragma once

#include "messages/key_block.hpp"
#include "messages/worker_id.hpp"

#include <caf/typed_actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kvc {

/// A number of successive keys that were admitted to, or evicted from, the
/// same location.
struct report_run {
  location where = location::cpu;
  bool is_admission = true;
  std::uint32_t count = 0;  ///< How many of the report's keys; positive.

  friend bool operator==(const report_run&, const report_run&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, report_run& x) {
    return f(caf::meta::type_name("report_run"), x.where, x.is_admission,
             x.count);
  }
};

/// What changed in a worker since its last report to this shard, in order.
///
/// A full sync is the same stream: the report with `begins_sync` opens a new
/// generation, the following ones fill it, and with the one that has
/// `ends_sync` (it may be the same) the previous generation is forgotten.
struct chunk_report {
  std::uint64_t epoch = 0;
  std::uint64_t sequence =
    0;  ///< 1 for the first report of an epoch, then rising by one.
  bool begins_sync = false;
  bool ends_sync = false;
  std::vector<report_run> runs;  ///< Their counts add up to the number of keys.
  key_block keys;

  template <class Inspector>
  friend auto inspect(Inspector& f, chunk_report& x) {
    return f(caf::meta::type_name("chunk_report"), x.epoch, x.sequence,
             x.begins_sync, x.ends_sync, x.runs, x.keys);
  }
};

/// What became of a report. The numbers travel between processes.
enum class report_status : std::uint8_t {
  applied = 0,      ///< It and all before it are visible to lookups.
  stale_epoch = 1,  ///< Not applied, the epoch is over: say hello again.
  needs_sync =
    2,  ///< Not applied, something before it is missing: start a full sync.
  invalid = 3,  ///< Not applied, malformed: start a full sync.
  out_of_memory =
    4,  ///< As applied, but some admissions exceeded the index's budget.
};

/// Returns the enumerator's own name.
std::string to_string(report_status status);

/// Answers a chunk_report.
struct report_ack {
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;  ///< Of the report that is answered.
  report_status status = report_status::applied;

  template <class Inspector>
  friend auto inspect(Inspector& f, report_ack& x) {
    return f(caf::meta::type_name("report_ack"), x.epoch, x.sequence, x.status);
  }
};

/// Prepares a shard for the reports of a registration, or for those that
/// follow when its worker comes back.
struct open_epoch {
  std::uint64_t epoch = 0;
  std::uint32_t worker_slot =
    0;  ///< The worker's index in the registry's fleet_view.

  template <class Inspector>
  friend auto inspect(Inspector& f, open_epoch& x) {
    return f(caf::meta::type_name("open_epoch"), x.epoch, x.worker_slot);
  }
};

/// Answers open_epoch.
struct epoch_opened {
  std::uint64_t applied_sequence =
    0;  ///< Of the last report applied; 0 if none was.

  template <class Inspector>
  friend auto inspect(Inspector& f, epoch_opened& x) {
    return f(caf::meta::type_name("epoch_opened"), x.applied_sequence);
  }
};

/// Ends a registration: later reports of it are stale, its memberships are
/// swept in the background.
struct close_epoch {
  std::uint64_t epoch = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, close_epoch& x) {
    return f(caf::meta::type_name("close_epoch"), x.epoch);
  }
};

/// The face of a shard that workers see.
using report_sink_actor = caf::typed_actor<  //
  caf::replies_to<chunk_report>::with<report_ack>>;

/// The face of a shard that the registry sees.
using index_shard_actor = report_sink_actor::extend<  //
  caf::replies_to<open_epoch>::with<epoch_opened>, caf::reacts_to<close_epoch>>;

}  // namespace kvc
