#pragma once

#include "actors/reporting/report_stream.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace kvc {

/// Tells a reporter where to send: to a new epoch, or to the one it has if the
/// epoch was revived.
struct open_stream {
  std::uint64_t epoch = 0;
  bool is_revived = false;
  report_sink_actor sink;
  std::uint64_t applied_sequence = 0;  ///< Of the revived epoch.
  report_window window;
};

/// Tells a reporter that its sink is gone.
struct pause_stream {};

/// Tells a reporter that there are changes to report.
struct changes_wait {};

/// Asks a reporter to answer once its shard has applied all changes so far. It
/// does not answer while there is no link.
struct flush_reports {};
struct reports_flushed {};

/// A reporter's shard says that the epoch is over.
struct epoch_ended {
  std::uint64_t epoch = 0;
};

/// Hears of the end of an epoch: the worker.
using epoch_watcher_actor = caf::typed_actor<caf::reacts_to<epoch_ended>>;

/// One stream of reports to one shard.
using reporter_actor = caf::typed_actor<  //
  caf::reacts_to<open_stream>, caf::reacts_to<pause_stream>,
  caf::reacts_to<changes_wait>, caf::reacts_to<report_ack>,
  caf::replies_to<flush_reports>::with<reports_flushed>>;

/// What a reporter remembers between messages.
struct reporter_state {
  static inline const char* name = "reporter";

  reporter_state() = default;

  std::size_t shard = 0;
  epoch_watcher_actor watcher;
  std::optional<report_stream> stream;
  report_sink_actor sink;  ///< Null while paused.
  std::deque<caf::typed_response_promise<reports_flushed>> flushes;
};

/// What a reporter reads from; both must outlive it.
struct reporter_sources {
  change_hub& hub;
  const membership_source& source;
};

/// Reports the chunks of one shard within the stream's window. It has no
/// deadlines: answers fail to come only when the link is gone, and the worker
/// notices that and pauses it.
reporter_actor::behavior_type reporter(
  reporter_actor::stateful_pointer<reporter_state> self,
  reporter_sources sources, std::size_t shard,
  const epoch_watcher_actor& watcher);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::open_stream)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::pause_stream)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::changes_wait)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::epoch_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::flush_reports)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::reports_flushed)
