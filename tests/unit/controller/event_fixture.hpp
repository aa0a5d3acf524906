#pragma once

#include "actors/controller/executor.hpp"
#include "messages/errors.hpp"
#include "tests/support/deterministic_system.hpp"

#include <doctest/doctest.h>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <string>
#include <vector>

namespace kvc::test {

/// How a worker takes commands.
struct worker_script {
  enum class mood { prompt, refusing, silent, dying };

  mood manner = mood::prompt;
  command_result result;
  std::vector<run_command> orders;
  std::vector<std::string> cancelled;
  std::vector<caf::typed_response_promise<command_result>> held;
};

/// Tells a scripted worker to answer what it was silent about.
struct answer_now {};

using scripted_worker_impl = worker_actor::extend<caf::reacts_to<answer_now>>;

inline scripted_worker_impl::behavior_type scripted_worker(
  scripted_worker_impl::pointer self, worker_script* script) {
  return {
    [=](const run_command& order) -> caf::result<command_result> {
      script->orders.push_back(order);
      switch (script->manner) {
        case worker_script::mood::prompt:
          return script->result;
        case worker_script::mood::refusing:
          return caf::make_error(errc::not_ready, "busy");
        case worker_script::mood::dying:
          self->quit();
          break;
        case worker_script::mood::silent:
          break;
      }
      script->held.push_back(self->make_response_promise<command_result>());
      return script->held.back();
    },
    [=](const cancel_command& order) {
      script->cancelled.push_back(order.event_id);
      auto result = script->result;
      result.was_cancelled = true;
      for (auto& promise : script->held)
        promise.deliver(result);
      script->held.clear();
    },
    [=](const answer_now&) {
      for (auto& promise : script->held)
        promise.deliver(script->result);
      script->held.clear();
    },
  };
}

/// A registry that knows `workers`, or never answers.
inline registry_actor::behavior_type fixed_registry(
  registry_actor::pointer self, const std::vector<worker_record>* workers,
  const bool* is_silent) {
  return {
    [](const register_worker&) { return welcome{}; },
    [](const renew_lease&) { return lease{}; },
    [](const deregister_worker&) { return false; },
    [=](const list_workers& msg) -> caf::result<std::vector<worker_record>> {
      if (*is_silent)
        return self->make_response_promise<std::vector<worker_record>>();
      auto result = *workers;
      if (!msg.includes_lost)
        std::erase_if(result, [](const auto& x) { return x.is_lost; });
      return result;
    },
    [](const list_refusals&) { return std::vector<refusal>{}; },
  };
}

/// An executor, its registry and workers that obey the test.
struct executor_fixture {
  std::vector<worker_record> workers;
  std::map<worker_id, worker_script> scripts;  ///< Before the system's end.
  bool is_registry_silent = false;
  std::int64_t now_ms = 1'000;
  executor_options options;
  deterministic_system system;
  executor_impl aut;

  executor_fixture() {
    options.now_ms = [this] { return now_ms; };
    options.limits.max_running = 3;
    options.limits.max_finished = 4;
  }

  ~executor_fixture() {
    for (auto& [id, script] : scripts) {
      script.held.clear();
      script.orders.clear();
    }
  }

  void start() {
    aut = system.spawn(
      executor, system.spawn(fixed_registry, &workers, &is_registry_silent),
      options);
  }

  /// Has the first worker answer what it was silent about.
  void answer() {
    caf::anon_send(caf::actor_cast<caf::actor>(workers[0].actor), answer_now{});
    system.run();
  }

  /// Adds a rank of instance "a", unless told otherwise.
  worker_script& add(std::uint32_t rank, worker_script::mood manner,
                     std::uint64_t tokens = 0,
                     const std::string& instance = "a") {
    auto& script = scripts[{instance, rank}];
    script.manner = manner;
    script.result.tally.tokens = tokens;
    worker_record record;
    record.profile.id = {instance, rank};
    record.profile.rank_count = rank + 1;
    record.actor = system.spawn(scripted_worker, &script);
    record.usage = {{location::cpu, 1, 2, 3}};
    workers.push_back(record);
    return script;
  }

  caf::expected<event_status> begin(const std::string& event_id,
                                    command what = {.what = operation::clear},
                                    const std::string& instance = "a") {
    return system.ask<event_status>(
      aut, start_event{event_id, instance, std::move(what), {}});
  }

  caf::expected<event_status> check(const std::string& event_id,
                                    std::chrono::milliseconds patience = {}) {
    return system.ask<event_status>(aut, await_event{event_id, patience});
  }

  /// Begins an event and returns its end.
  event_status run(command what = {.what = operation::clear}) {
    REQUIRE(begin("Clear1", std::move(what)));
    const auto end = check("Clear1", std::chrono::seconds{50});
    REQUIRE(end);
    return *end;
  }
};

}  // namespace kvc::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::test::answer_now)
