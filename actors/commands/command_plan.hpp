#pragma once

#include "actors/peers/transfer.hpp"
#include "messages/worker.hpp"

#include <caf/expected.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <variant>

namespace kvc {

// The steps of a command. What a step gave is brought to its `then`.

/// Work for one of the pool's threads. The work may outlive the plan and must
/// not touch it. Gives io_failed with what the work threw, or nothing.
struct pool_step {
  std::function<void()> work;
  std::function<void(const caf::error&)> then;
};

/// A transfer. Whoever takes the step sets the owner, and cuts the patience to
/// the time that the command has left.
struct fetch_step {
  fetch_chunks order;
  std::function<void(const caf::expected<fetch_report>&)> then;
};

/// The index is told of all changes.
struct flush_step {
  std::string failure;  ///< The command ends with it if the index is not told.
  std::function<void()> then;
};

/// A link to a peer is made.
struct dial_step {
  dial_peer order;
  std::function<void(const caf::error&)> then;
};

/// The peer that was dialled drops chunks. Gives connection_lost if it dies.
struct surrender_step {
  surrender_chunks order;
  std::function<void(const caf::expected<surrender_report>&)> then;
};

/// The same worker runs another command.
struct inner_step {
  run_command order;  ///< Gets the time that the command has left.
  std::function<void(const caf::expected<command_result>&)> then;
};

/// The last step: what the command answers.
using command_answer = caf::expected<command_result>;

using command_step = std::variant<pool_step, fetch_step, flush_step, dial_step,
                                  surrender_step, inner_step, command_answer>;

/// The rules of one command: which step comes next. The actor command_run takes
/// the steps, one after the other. Not thread-safe.
class command_plan {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~command_plan() = default;

  /// Returns the next step. The one before it has ended.
  virtual command_step next(time_point now) = 0;

  /// Returns whether the observer is to be told the tally before the step that
  /// next() returned is taken.
  virtual bool has_news(time_point) { return false; }

  /// Returns what is done by the steps that have ended.
  virtual command_tally tally(time_point) const { return {}; }

  /// Returns what else to say about a command that is broken off; may be empty.
  virtual std::string remark() const { return {}; }

  /// Begins nothing new; what is done stays done.
  void cancel() { is_cancelled_ = true; }

  bool is_cancelled() const { return is_cancelled_; }

 private:
  bool is_cancelled_ = false;
};

using command_plan_ptr = std::unique_ptr<command_plan>;

}  // namespace kvc
