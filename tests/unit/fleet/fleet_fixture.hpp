#pragma once

#include "actors/fleet/fleet.hpp"
#include "messages/errors.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/idle_worker.hpp"

#include <doctest/doctest.h>
#include <caf/typed_event_based_actor.hpp>

#include <string>

namespace kvc::test {

/// A fleet with a clock that tests move: one call of `sweep` each second.
struct fleet_fixture {
  using milliseconds = std::chrono::milliseconds;

  deterministic_system system;
  fleet workers{[] {
    fleet_options options;
    options.canary = 7;
    options.controller_id = 99;
    options.first_epoch = 1000;
    options.lease = milliseconds{5'000};
    options.revival_grace = milliseconds{30'000};
    options.sweep_interval = milliseconds{1'000};
    return options;
  }()};
  fleet::time_point now{std::chrono::hours{1}};
  worker_actor actor = system.spawn(idle_worker);
  worker_actor other = system.spawn(idle_worker);
  const worker_id a0{"a", 0};

  fleet_fixture() { workers.sweep(now); }

  register_worker hello(const worker_id& id, std::uint32_t rank_count = 1,
                        std::uint64_t started_at = 50) {
    register_worker result;
    result.process = {started_at, 1};
    result.profile.id = id;
    result.profile.rank_count = rank_count;
    result.profile.ip = "10.0.0.1";
    result.canary = 7;
    result.actor = actor;
    return result;
  }

  register_worker resuming(register_worker msg, std::uint64_t epoch) {
    msg.resume_controller = 99;
    msg.resume_epoch = epoch;
    return msg;
  }

  fleet::joining join(const register_worker& msg) {
    auto joined = workers.join(msg, now, 1);
    REQUIRE(joined);
    return *joined;
  }

  /// Joins and confirms.
  fleet::joining add(const register_worker& msg) {
    auto joined = join(msg);
    REQUIRE(workers.confirm(msg.profile.id, joined.attempt));
    return joined;
  }

  std::string refusal_of(const register_worker& msg) {
    auto joined = workers.join(msg, now, 1);
    return joined ? "accepted" : describe(joined.error());
  }

  std::string renewal(const worker_id& id, std::uint64_t epoch) {
    auto renewed = workers.renew({id, epoch, {}}, now, 2);
    return renewed ? "ok" : describe(renewed.error());
  }

  /// Sweeps each second, as the registry does, and returns what that changed.
  fleet::swept pass(int seconds) {
    fleet::swept all;
    for (int i = 0; i < seconds; ++i) {
      now += std::chrono::seconds{1};
      const auto changes = workers.sweep(now);
      all.silent.insert(all.silent.end(), changes.silent.begin(),
                        changes.silent.end());
      all.forgotten.insert(all.forgotten.end(), changes.forgotten.begin(),
                           changes.forgotten.end());
    }
    return all;
  }

  /// The controller was stopped: nothing is swept.
  void freeze(int seconds) { now += std::chrono::seconds{seconds}; }
};

}  // namespace kvc::test
