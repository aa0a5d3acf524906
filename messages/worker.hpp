#pragma once

#include "messages/control.hpp"
#include "messages/order_terms.hpp"
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

/// A worker asks whether a command may begin. Between the command and this
/// question the event may have ended, or its controller.
struct permit_start {
  worker_id id{};

  template <class Inspector>
  friend auto inspect(Inspector& f, permit_start& x) {
    return f(caf::meta::type_name("permit_start"), x.id);
  }
};

/// Answers permit_start.
struct start_permit {
  bool is_cancelled = false;  ///< Then nothing may begin.

  /// The command may begin until then, by the controller's boot clock; later
  /// the worker asks again.
  std::chrono::microseconds not_after{0};

  template <class Inspector>
  friend auto inspect(Inspector& f, start_permit& x) {
    return f(caf::meta::type_name("start_permit"), x.is_cancelled, x.not_after);
  }
};

/// Observes a command, which does nothing without its leave: a control event.
using progress_sink_actor =
  caf::typed_actor<caf::reacts_to<command_progress>,
                   // Fails with too_late if the event has ended.
                   caf::replies_to<permit_start>::with<start_permit>>;

/// Asks a worker to do its part of a control event.
struct run_command {
  std::string event_id{};
  worker_id id{};  ///< Who is asked; every other worker refuses.
  command what{};
  std::chrono::milliseconds timeout{0};  ///< Then it gives up; positive.

  /// The command ends when it dies. Null for what a worker orders itself.
  progress_sink_actor observer{};

  /// `move` only: who has the chunks; the worker itself if there is no name.
  peer_address source{};
  order_terms terms{};  ///< At `not_after` it gives up, too.

  template <class Inspector>
  friend auto inspect(Inspector& f, run_command& x) {
    return f(caf::meta::type_name("run_command"), x.event_id, x.id, x.what,
             x.timeout, x.observer, x.source, x.terms);
  }
};

/// Answers run_command.
struct command_result {
  std::int32_t code = 0;       ///< `health`: 0 healthy, -1 memory check failed.
  std::string detail{};        ///< What users should know; may be empty.
  bool was_cancelled = false;  ///< Then `tally` counts what was done before.
  command_tally tally{};

  template <class Inspector>
  friend auto inspect(Inspector& f, command_result& x) {
    return f(caf::meta::type_name("command_result"), x.code, x.detail,
             x.was_cancelled, x.tally);
  }
};

/// Asks a worker to end a command early, between two chunks. The command is
/// answered as usual.
struct cancel_command {
  std::string event_id{};

  template <class Inspector>
  friend auto inspect(Inspector& f, cancel_command& x) {
    return f(caf::meta::type_name("cancel_command"), x.event_id);
  }
};

/// Tells a worker that was refused as superseded that its successor is gone: it
/// may say hello at once.
struct ask_again {
  template <class Inspector>
  friend auto inspect(Inspector& f, ask_again&) {
    return f(caf::meta::type_name("ask_again"));
  }
};

/// What the controller may ask of a worker.
using worker_actor = caf::typed_actor<
  // Answers when all is done and the index knows. Fails before it begins with
  // invalid_request, unknown_worker (another one is asked), unknown_location,
  // not_ready, stale_epoch or too_late (see order_terms) or too_busy; later
  // with timed_out, connection_lost (the observer died) or io_failed.
  caf::replies_to<run_command>::with<command_result>,
  caf::reacts_to<cancel_command>,
  // A worker that is not superseded ignores it.
  caf::reacts_to<ask_again>>;

}  // namespace kvc
