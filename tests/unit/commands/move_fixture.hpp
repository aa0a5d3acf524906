#pragma once

#include "actors/commands/command_run.hpp"
#include "tests/support/ask_later.hpp"
#include "tests/support/peer_fixture.hpp"

#include <doctest/doctest.h>

#include <array>

namespace kvc::test {

using outcome = chunk_outcome;

/// A reporter whose index knows, unless it is silent.
struct reporter_script {
  bool is_silent = false;
  int flushes = 0;
  std::vector<caf::typed_response_promise<reports_flushed>> held{};
};

/// A worker without stores of its own but memory, and its moves.
struct move_fixture : peer_fixture {
  std::array<reporter_script, 2> reporters;
  clearing_worker clears;
  std::vector<command_progress> heard;
  bool has_ended = false;
  std::vector<reporter_actor> reports;
  worker_actor owner = spawn_clearing_worker(system, &clears);
  progress_sink_actor event;
  command_run_impl aut;

  move_fixture();
  ~move_fixture();

  /// Whom the next moves tell their progress.
  void spawn_event();

  static command move_of(const hashes& names) {
    return {.verb = operation::move, .hashes = {names}};
  }

  static command move_all() {
    return {.verb = operation::move, .is_for_all = true};
  }

  run_command order_of(command what) {
    return {"Move1",
            here.id(),
            std::move(what),
            std::chrono::seconds{30},
            event,
            address,
            {9, 5, std::chrono::hours{1}}};
  }

  std::shared_ptr<answer_box<command_result>> begin(const run_command& order);

  std::shared_ptr<answer_box<command_result>> begin(command what) {
    return begin(order_of(std::move(what)));
  }

  /// Runs a move to its end; returns why it failed, or nothing.
  std::string run(command what);

  command_result result;  ///< Of the last run() that had one.

  std::uint64_t count(outcome what) const { return result.tally.of(what); }

  /// Has a reporter answer what it was silent about.
  void answer(std::size_t reporter);

  void cancel();

  static hashes names_to(std::uint64_t last);

  bool is_idle(std::uint64_t name) {
    return store.clear(hashes{name})[0].outcome == outcome::done;
  }
};

}  // namespace kvc::test
