#pragma once

#include "actors/commands/command_run.hpp"
#include "actors/commands/move_plan.hpp"
#include "actors/commands/move_tally.hpp"
#include "actors/peers/transfer.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// A worker has copied a part of a move from one of its locations to another.
struct part_copied {
  move_part part;
  fetch_report report;
  caf::error failure{};  ///< Instead of the report, if set.
};

/// Runs one run_command of `move` and ends.
using move_run_actor =
  worker_actor::extend<caf::reacts_to<part_copied>, caf::reacts_to<give_up>>;

/// What a move_run remembers between messages.
struct move_run_state {
  static inline const char* name = "move_run";

  move_run_state() = default;

  /// So that a prompt loses its tail first.
  ~move_run_state() {
    while (!holds.empty())
      holds.pop_back();
  }

  run_command order;
  std::optional<move_plan> plan;
  std::optional<move_tally> tally;
  transfer_actor transfer;  ///< Of the part that is being copied; or null.
  std::vector<std::shared_ptr<const void>> holds;  ///< What has come stays.
  std::string last_trouble = "unreadable";
  std::string misfit;  ///< Why some chunks are unsuitable, if any are.
  peer_actor source;   ///< Once it drops what is here; monitored.
  bool is_flushing = false;
  std::size_t reporters_pending = 0;
  bool is_cancelled = false;
  caf::actor_clock::time_point begun_at{};
  caf::actor_clock::time_point deadline{};
  caf::typed_response_promise<command_result> answer;
};

/// Brings the chunks of another worker, or of another location, here, part by
/// part, what fails at a worker once more; waits until `reporters` have told
/// the index; and then, unless it is a copy, has the source drop what is here
/// now. Ends early as a command_run.
move_run_actor::behavior_type move_run(
  move_run_actor::stateful_pointer<move_run_state> self,
  const command_services& services,
  const std::vector<reporter_actor>& reporters, const worker_actor& owner);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::part_copied)
