#pragma once

#include "actors/worker/move_run.hpp"
#include "tests/unit/worker/peer_fixture.hpp"
#include "tests/unit/worker/worker_fakes.hpp"

#include <doctest/doctest.h>

#include <numeric>

namespace kvc::test {

using outcome = chunk_outcome;

/// A reporter whose index knows, unless it is silent.
struct reporter_script {
  bool is_silent = false;
  int flushes = 0;
  std::vector<caf::typed_response_promise<reports_flushed>> held{};
};

using scripted_reporter_impl = reporter_actor::extend<caf::reacts_to<release>>;

inline scripted_reporter_impl::behavior_type scripted_reporter(
  scripted_reporter_impl::pointer self, reporter_script* script) {
  return {
    [](const open_stream&) {},
    [](const pause_stream&) {},
    [](changes_wait) {},
    [](const report_ack&) {},
    [=](flush_reports) -> caf::result<reports_flushed> {
      ++script->flushes;
      if (!script->is_silent)
        return reports_flushed{};
      script->held.push_back(self->make_response_promise<reports_flushed>());
      return script->held.back();
    },
    [=](release) {
      for (auto& x : std::exchange(script->held, {}))
        x.deliver(reports_flushed{});
    }};
}

inline progress_sink_actor::behavior_type progress_listener(
  progress_sink_actor::pointer, std::vector<command_progress>* heard) {
  return {[=](const command_progress& msg) { heard->push_back(msg); }};
}

/// A worker without stores of its own but memory, and its moves.
struct move_fixture : peer_fixture {
  std::array<reporter_script, 2> reporters;
  clearing_worker clears;
  std::vector<command_progress> heard;
  worker_id id{"a", 0};
  bool has_ended = false;
  bool has_peers = true;
  chunk_store* memory = &store;
  std::vector<reporter_actor> reports{
    system.spawn(scripted_reporter, &reporters[0]),
    system.spawn(scripted_reporter, &reporters[1])};
  worker_actor owner = system.spawn(clearing_worker_actor, &clears);
  progress_sink_actor event = system.spawn(progress_listener, &heard);
  move_run_actor aut;

  move_fixture() : peer_fixture(200, 200) {}

  ~move_fixture() {
    for (auto& x : reporters)
      x.held.clear();
    clears.orders.clear();
  }

  command_services commands() {
    command_services all;
    all.submit = [this](work_pool::job x) { jobs.push_back(std::move(x)); };
    all.store = [this](location where) -> chunk_store* {
      return where == location::cpu ? memory : disk;
    };
    all.memory = &store;
    all.disk = disk;
    if (has_peers)
      all.transfers = std::make_shared<const transfer_services>(services());
    return all;
  }

  static command move_of(const hashes& names) {
    return {.what = operation::move, .hashes = {names}};
  }

  static command move_all() {
    return {.what = operation::move, .is_for_all = true};
  }

  run_command order_of(command what) {
    return {"Move1", id,     std::move(what), std::chrono::seconds{30},
            event,   address};
  }

  std::shared_ptr<answer_box<command_result>> begin(const run_command& order) {
    has_ended = false;
    aut = system.spawn(move_run, commands(), reports, owner);
    aut->attach_functor([this] { has_ended = true; });
    return ask_later<command_result>(system, aut, order);
  }

  std::shared_ptr<answer_box<command_result>> begin(command what) {
    return begin(order_of(std::move(what)));
  }

  /// Runs a move to its end; returns why it failed, or nothing.
  std::string run(command what) {
    const auto answer = begin(std::move(what));
    settle();
    REQUIRE_FALSE(answer->is_empty());
    if (answer->value)
      result = *answer->value;
    return answer->error ? describe(answer->error) : "";
  }

  command_result result;  ///< Of the last run() that had one.

  std::uint64_t count(outcome what) const { return result.tally.of(what); }

  /// Has a reporter answer what it was silent about.
  void answer(std::size_t reporter) {
    caf::anon_send(caf::actor_cast<caf::actor>(reports[reporter]), release{});
    system.run();
  }

  void cancel() {
    caf::anon_send(aut, cancel_command{"Move1"});
    system.run();
  }

  static hashes names_to(std::uint64_t last) {
    hashes names(last);
    std::iota(names.begin(), names.end(), 1);
    return names;
  }

  bool is_idle(std::uint64_t name) {
    return store.clear(hashes{name})[0].outcome == outcome::done;
  }
};

}  // namespace kvc::test
