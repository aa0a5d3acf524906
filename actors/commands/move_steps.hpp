#pragma once

#include "actors/commands/move_run.hpp"

namespace kvc::moving {

/// One move's actor and what all its steps need.
struct context {
  move_run_actor::stateful_pointer<move_run_state> self;
  command_services services;
  std::vector<reporter_actor> reporters;
  worker_actor owner;

  move_run_state& state() const { return self->state; }
  bool is_local() const { return state().order.source.id.instance.empty(); }
};

using context_ptr = std::shared_ptr<const context>;

/// Returns the time until the move's deadline, but at least a millisecond.
std::chrono::milliseconds time_left(const context& c);

/// Says how far the move has come, and of which chunks the source may have none
/// any more.
std::string progress_text(const context& c);

/// Tells who observes the move how far it has come.
void send_progress(const context& c);

/// Ends the move with an error.
void end(const context& c, caf::error why);

/// The same, when the source does not say what it has dropped.
void give_up_source(const context& c, const caf::error& why);

/// All is copied that can be: tells the index; then has the source drop what is
/// here now, unless it is a copy or was cancelled; then ends the move.
void finish_copying(const context_ptr& c);

}  // namespace kvc::moving
