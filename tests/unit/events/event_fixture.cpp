#include "tests/unit/events/event_fixture.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace kvc::test {
namespace {

/// Tells a scripted worker to answer what it was silent about.
struct answer_now {};

}  // namespace
}  // namespace kvc::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::test::answer_now)

namespace kvc::test {
namespace {

using scripted_worker_impl = worker_actor::extend<caf::reacts_to<answer_now>>;

scripted_worker_impl::behavior_type scripted_worker(
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
    [](const ask_again&) {},
    [=](const answer_now&) {
      for (auto& promise : script->held)
        if (script->failure)
          promise.deliver(script->failure);
        else
          promise.deliver(script->result);
      script->held.clear();
    },
  };
}

/// A registry that knows `workers`, or never answers.
registry_actor::behavior_type fixed_registry(
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
    [](const refusal&) {},
  };
}

}  // namespace

executor_fixture::executor_fixture() {
  options.now_ms = [this] { return now_ms; };
  options.boot_clock = [this] { return system.boot_clock(); };
  options.controller_id = 9;
  options.limits.max_running = 3;
  options.limits.max_finished = 4;
}

executor_fixture::~executor_fixture() {
  for (auto& [id, script] : scripts) {
    script.held.clear();
    script.orders.clear();
  }
}

void executor_fixture::start() {
  aut = system.spawn(
    executor, system.spawn(fixed_registry, &workers, &is_registry_silent),
    options);
}

void executor_fixture::answer() {
  caf::anon_send(caf::actor_cast<caf::actor>(workers[0].actor), answer_now{});
  system.run();
}

worker_script& executor_fixture::add(std::uint32_t rank,
                                     worker_script::mood manner,
                                     std::uint64_t tokens,
                                     const std::string& instance) {
  auto& script = scripts[{instance, rank}];
  script.manner = manner;
  script.result.tally.tokens = tokens;
  worker_record record;
  record.profile.id = {instance, rank};
  record.profile.rank_count = rank + 1;
  record.actor = system.spawn(scripted_worker, &script);
  record.epoch = 70 + rank;
  record.usage = {{location::cpu, 1, 2, 3}};
  workers.push_back(record);
  return script;
}

caf::expected<event_status> executor_fixture::begin(const start_event& order) {
  return system.ask<event_status>(aut, order);
}

caf::expected<event_status> executor_fixture::begin(
  const std::string& event_id, command what, const std::string& instance) {
  return begin(start_event{event_id, instance, std::move(what), {}});
}

caf::expected<event_status> executor_fixture::check(
  const std::string& event_id, std::chrono::milliseconds patience) {
  return system.ask<event_status>(aut, await_event{event_id, patience});
}

caf::expected<event_status> executor_fixture::cancel(
  const std::string& event_id) {
  return system.ask<event_status>(aut, cancel_event{event_id});
}

event_status executor_fixture::run(command what) {
  REQUIRE(begin("Clear1", std::move(what)));
  const auto end = check("Clear1", std::chrono::seconds{50});
  REQUIRE(end);
  return *end;
}

}  // namespace kvc::test
