#pragma once

#include "actors/commands/command_plan.hpp"
#include "actors/reporting/reporter.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <vector>

namespace kvc {

/// The pool has ended a command's step.
struct step_done {
  caf::error failure;
};

/// A command's time is over.
struct give_up {};

/// A worker_actor, and what it tells itself.
using command_run_impl =
  worker_actor::extend<caf::reacts_to<step_done>, caf::reacts_to<give_up>>;

/// What a command_run remembers between messages.
struct command_run_state {
  static inline const char* name = "command_run";

  command_run_state() = default;

  const rank* here = nullptr;
  std::vector<reporter_actor> reporters;
  worker_actor owner;  ///< Monitored, and the observer, too.

  run_command order;
  command_plan_ptr plan;
  bool has_begun = false;
  bool is_over = false;  ///< It has given up, and ends with the pool's step.
  caf::actor_clock::time_point deadline{};
  std::chrono::microseconds ends_at{0};  ///< The same, by the boot clock.
  caf::typed_response_promise<command_result> answer;

  // Of the step that is being taken.
  std::function<void(const caf::error&)> on_done;  ///< By the pool.
  transfer_actor transfer;                         ///< Null if there is none.
  std::size_t reporters_pending = 0;
  std::function<void(const caf::expected<surrender_report>&)> on_surrender;

  peer_actor peer;  ///< Null until one was dialled; monitored.
};

/// Runs one run_command and ends: asks the observer whether it may begin, takes
/// the steps of its plan, and tells the observer its progress. Ends early when
/// its time is over, or when the observer or `owner`, its worker, is gone.
command_run_impl::behavior_type command_run(
  command_run_impl::stateful_pointer<command_run_state> self, const rank& here,
  const std::vector<reporter_actor>& reporters, const worker_actor& owner);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::step_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::give_up)
