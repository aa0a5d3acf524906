#pragma once

#include "actors/commands/command_work.hpp"
#include "actors/pool/work_pool.hpp"
#include "actors/reporting/reporter.hpp"
#include "actors/store/cpu_store.hpp"
#include "actors/store/disk_store.hpp"
#include "messages/worker.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

struct transfer_services;

/// What commands work with. All of it outlives their actors and the pool.
struct command_services {
  std::function<void(work_pool::job)> submit;  ///< To a work_pool.

  /// Returns the store of a location, null if the worker has none.
  std::function<chunk_store*(location)> store;

  /// Answers `health`; called by the pool's threads. Fails with io_failed if
  /// something other than the memory is unwell.
  std::function<caf::expected<command_result>()> check;

  // For moves.
  cpu_store* cpu = nullptr;    ///< Null if there is none.
  disk_store* disk = nullptr;  ///< Null if there is none.
  std::shared_ptr<const transfer_services> transfers{};  ///< Null without p2p.
};

/// A command's piece of work is done.
struct step_done {};

/// A command's time is over.
struct give_up {};

/// Runs one run_command and ends.
using command_run_actor =
  worker_actor::extend<caf::reacts_to<step_done>, caf::reacts_to<give_up>>;

/// What a command shares with the pool: one of them has it at a time.
struct command_task {
  std::optional<command_work> work;  ///< Nothing for `health`.
  std::optional<caf::expected<command_result>> checked;  ///< Of `health`.
  std::string failure;  ///< Why a step was broken off.
};

/// What a command_run remembers between messages.
struct command_run_state {
  static inline const char* name = "command_run";

  command_run_state() = default;

  run_command order;
  std::shared_ptr<command_task> task;
  command_tally tally;  ///< As of the last step that is done.
  std::size_t reporters_pending = 0;
  bool is_cancelled = false;
  bool is_flushing = false;
  caf::actor_clock::time_point progress_due{};
  caf::typed_response_promise<command_result> answer;
};

/// Carries out a command: steps on the pool, progress to the observer at most
/// every 100 ms, and at the end, if chunks may have gone, waits until
/// `reporters` have told the index. Ends early when cancelled, when its time is
/// over, or when the observer or `owner` is gone.
command_run_actor::behavior_type command_run(
  command_run_actor::stateful_pointer<command_run_state> self,
  const command_services& services,
  const std::vector<reporter_actor>& reporters, const caf::actor_addr& owner);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::step_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::give_up)
