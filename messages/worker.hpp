#pragma once

#include "messages/control.hpp"
#include "messages/peer.hpp"

#include <caf/typed_actor.hpp>

namespace kvc {

/// How far a worker is with a command, sent while it runs.
struct command_progress {
  worker_id id{};
  command_tally tally{};

  template <class Inspector>
  friend auto inspect(Inspector& f, command_progress& x) {
    return f(caf::meta::type_name("command_progress"), x.id, x.tally);
  }
};

/// Hears of it: a control event.
using progress_sink_actor = caf::typed_actor<caf::reacts_to<command_progress>>;

/// Asks a worker to do its part of a control event.
struct run_command {
  std::string event_id{};
  worker_id id{};  ///< Of the worker that is meant.
  command what{};
  std::chrono::milliseconds timeout{0};  ///< It gives up after it; positive.
  progress_sink_actor observer{};        ///< When it dies, the command ends.

  /// Of `move`: the worker whose chunks to take; without a name, this one.
  peer_address source{};

  template <class Inspector>
  friend auto inspect(Inspector& f, run_command& x) {
    return f(caf::meta::type_name("run_command"), x.event_id, x.id, x.what,
             x.timeout, x.observer, x.source);
  }
};

/// Answers run_command.
struct command_result {
  std::int32_t code = 0;  ///< Of `health`: 0 healthy, -1 memory check failed.
  std::string detail{};   ///< What is wrong, or worth to be said; may be empty.
  bool was_cancelled = false;  ///< `tally` is what was done until then.
  command_tally tally{};

  template <class Inspector>
  friend auto inspect(Inspector& f, command_result& x) {
    return f(caf::meta::type_name("command_result"), x.code, x.detail,
             x.was_cancelled, x.tally);
  }
};

/// Asks a worker to end a command early, between two chunks. The answer to the
/// run_command comes as usual.
struct cancel_command {
  std::string event_id{};

  template <class Inspector>
  friend auto inspect(Inspector& f, cancel_command& x) {
    return f(caf::meta::type_name("cancel_command"), x.event_id);
  }
};

/// What the controller may ask of a worker.
using worker_actor = caf::typed_actor<
  // Answers when all is done and the index knows. Fails with invalid_request,
  // unknown_worker (another one is meant), unknown_location, too_busy,
  // timed_out, connection_lost (the observer died) or io_failed.
  caf::replies_to<run_command>::with<command_result>,
  caf::reacts_to<cancel_command>>;

}  // namespace kvc
