#pragma once

#include "actors/fleet/registry.hpp"
#include "actors/index/index_shard.hpp"
#include "actors/index/lookup_service.hpp"
#include "messages/errors.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/idle_worker.hpp"

#include <doctest/doctest.h>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kvc::test {

/// What a scripted shard is to do and what it was told.
struct shard_script {
  bool is_silent = false;  ///< Lets open_epoch wait for a tick.
  std::uint64_t applied_sequence = 0;
  std::vector<open_epoch> opened;
  std::vector<std::uint64_t> closed;
  std::vector<caf::typed_response_promise<epoch_opened>> waiting;
};

/// At each tick answers the open_epoch that waits longest.
inline index_shard_impl::behavior_type scripted_shard(
  index_shard_impl::pointer self, const std::shared_ptr<shard_script>& script) {
  return {
    [](const chunk_report&) { return report_ack{}; },
    [=](const open_epoch& msg) -> caf::result<epoch_opened> {
      script->opened.push_back(msg);
      if (!script->is_silent)
        return epoch_opened{script->applied_sequence};
      script->waiting.push_back(self->make_response_promise<epoch_opened>());
      return script->waiting.back();
    },
    [=](const close_epoch& msg) { script->closed.push_back(msg.epoch); },
    [=](caf::tick_atom) {
      script->waiting.front().deliver(epoch_opened{script->applied_sequence});
      script->waiting.erase(script->waiting.begin());
    },
  };
}

/// Counts how often it is told to ask again.
inline worker_actor::behavior_type listening_worker(
  worker_actor::pointer, const std::shared_ptr<int>& heard) {
  return {
    [](const run_command&) { return command_result{}; },
    [](const cancel_command&) {},
    [heard](const ask_again&) { ++*heard; },
  };
}

/// The answer to a hello, when it has come.
struct hello_answer {
  std::optional<welcome> granted;
  std::string error;

  bool is_pending() const { return !granted && error.empty(); }
};

inline void say_hello(caf::event_based_actor* self, const registry_actor& to,
                      register_worker hello,
                      const std::shared_ptr<hello_answer>& answer) {
  self->request(to, std::chrono::minutes{1}, std::move(hello))
    .then([=](welcome& granted) { answer->granted = std::move(granted); },
          [=](const caf::error& why) { answer->error = describe(why); });
}

/// A registry with two scripted shards.
struct registry_fixture {
  deterministic_system system;
  std::shared_ptr<fleet_board> board = std::make_shared<fleet_board>();
  std::shared_ptr<shard_script> first = std::make_shared<shard_script>();
  std::shared_ptr<shard_script> second = std::make_shared<shard_script>();
  index_shard_impl first_shard = system.spawn(scripted_shard, first);
  index_shard_impl second_shard = system.spawn(scripted_shard, second);
  lookup_actor lookups = system.spawn(lookup_service, nullptr, nullptr);
  registry_actor aut =
    system.spawn(registry,
                 registry_services{{first_shard, second_shard},
                                   lookups,
                                   board,
                                   [this] { return system.boot_clock(); }},
                 [] {
                   registry_options options;
                   options.fleet.controller_id = 99;
                   options.fleet.first_epoch = 1000;
                   options.fleet.lease = std::chrono::seconds{5};
                   options.fleet.revival_grace = std::chrono::seconds{30};
                   options.fleet.sweep_interval = std::chrono::seconds{1};
                   options.key_multiplier = 12345;
                   options.max_reports = 3;
                   options.max_report_keys = 77;
                   options.shard_timeout = std::chrono::seconds{2};
                   return options;
                 }());
  worker_actor actor = system.spawn(idle_worker);
  worker_actor other = system.spawn(idle_worker);
  const worker_id a0{"a", 0};

  register_worker hello(const worker_id& id, const worker_actor& handle,
                        std::uint64_t started_at = 50) {
    register_worker result;
    result.process = {started_at, 1};
    result.profile.id = id;
    result.profile.ip = "10.0.0.1";
    result.actor = handle;
    return result;
  }

  register_worker resuming(register_worker msg, std::uint64_t epoch) {
    msg.resume_controller = 99;
    msg.resume_epoch = epoch;
    return msg;
  }

  /// Says hello without waiting for the answer.
  std::shared_ptr<hello_answer> send(register_worker msg) {
    auto answer = std::make_shared<hello_answer>();
    system.spawn(say_hello, aut, std::move(msg), answer);
    return answer;
  }

  /// Lets a silent shard answer once.
  void release(const index_shard_impl& shard) {
    caf::anon_send(shard, caf::tick_atom_v);
    system.run();
  }

  welcome join(const register_worker& msg) {
    auto answer = system.ask<welcome>(aut, msg);
    REQUIRE(answer);
    return *answer;
  }

  std::string refusal_of(const register_worker& msg) {
    auto answer = system.ask<welcome>(aut, msg);
    return answer ? "accepted" : describe(answer.error());
  }

  std::string renewal(std::uint64_t epoch) {
    auto answer = system.ask<lease>(aut, renew_lease{a0, epoch, {}});
    return answer ? "ok" : describe(answer.error());
  }

  std::vector<worker_record> list(bool includes_lost = false) {
    auto answer =
      system.ask<std::vector<worker_record>>(aut, list_workers{includes_lost});
    REQUIRE(answer);
    return *answer;
  }

  std::vector<std::uint64_t> live() { return board->snapshot()->live_epochs; }
};

}  // namespace kvc::test
