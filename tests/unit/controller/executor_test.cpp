#include "actors/controller/executor.hpp"
#include "actors/controller/health_check.hpp"
#include "messages/errors.hpp"
#include "tests/support/deterministic_system.hpp"

#include <doctest/doctest.h>
#include <caf/typed_event_based_actor.hpp>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

using records = std::vector<worker_record>;

worker_actor::behavior_type healthy(worker_actor::pointer) {
  return {[](const get_health&) { return health{}; }};
}

worker_actor::behavior_type ailing(worker_actor::pointer) {
  return {[](const get_health&) { return health{-1, "memory"}; }};
}

worker_actor::behavior_type refusing(worker_actor::pointer) {
  return {[](const get_health&) -> caf::result<health> {
    return caf::make_error(errc::not_ready, "busy");
  }};
}

worker_actor::behavior_type silent(worker_actor::pointer self) {
  return {[self](const get_health&) -> caf::result<health> {
    return self->make_response_promise<health>();
  }};
}

worker_actor::behavior_type dying(worker_actor::pointer self) {
  return {[self](const get_health&) -> caf::result<health> {
    self->quit();
    return self->make_response_promise<health>();
  }};
}

/// A registry that knows `workers`, or never answers.
registry_actor::behavior_type fake_registry(registry_actor::pointer self,
                                            const records& workers,
                                            bool is_silent) {
  return {
    [](const register_worker&) { return welcome{}; },
    [](const renew_lease&) { return lease{}; },
    [](const deregister_worker&) { return false; },
    [=](const list_workers& msg) -> caf::result<records> {
      if (is_silent)
        return self->make_response_promise<records>();
      auto result = workers;
      if (!msg.includes_lost)
        std::erase_if(result, [](const auto& x) { return x.is_lost; });
      return result;
    },
    [](const list_refusals&) { return std::vector<refusal>{}; },
  };
}

struct executor_fixture {
  deterministic_system system;
  records workers;

  template <class Behavior>
  worker_actor add(std::uint32_t rank, Behavior behavior,
                   const std::string& instance = "a") {
    worker_record record;
    record.profile.id = {instance, rank};
    record.actor = system.spawn(behavior);
    workers.push_back(record);
    return record.actor;
  }

  caf::expected<health_report> check(const std::string& instance,
                                     bool is_silent = false) {
    auto registry = system.spawn(fake_registry, workers, is_silent);
    auto aut = system.spawn(
      executor, registry,
      executor_options{.health_timeout = 5s, .registry_timeout = 1s});
    return system.ask<health_report>(aut, check_health{instance});
  }
};

}  // namespace

TEST_SUITE("executor") {
  TEST_CASE_FIXTURE(executor_fixture, "names every rank's condition, by rank") {
    add(6, dying);
    add(5, silent);
    add(0, healthy);
    add(1, ailing);
    add(2, refusing);
    system.kill(add(3, healthy));
    workers.back().is_lost = true;
    add(0, silent, "b");
    const auto report = check("a");
    REQUIRE(report);
    const auto& ranks = report->ranks;
    REQUIRE(ranks.size() == 6);
    CHECK(ranks[0] == rank_health{0, 0, ""});
    CHECK(ranks[1] == rank_health{1, -1, "memory"});
    CHECK(ranks[2] == rank_health{2, -1001, "not_ready: busy"});
    CHECK(ranks[3].rank == 3);
    CHECK(ranks[3].code == -1005);
    CHECK_FALSE(ranks[3].detail.empty());
    CHECK(ranks[4].rank == 5);
    CHECK(ranks[4].code == -1004);
    CHECK_FALSE(ranks[4].detail.empty());
    CHECK(ranks[5] ==
          rank_health{6, -1005, "the worker's process or link is gone"});
  }

  TEST_CASE_FIXTURE(executor_fixture, "does not know other instances") {
    add(0, healthy);
    CHECK(check("b") == caf::error{errc::unknown_instance});
    CHECK(describe(check("b").error()) == "unknown_instance: b");
  }

  TEST_CASE_FIXTURE(executor_fixture,
                    "waits for the registry no longer than told") {
    add(0, healthy);
    const auto report = check("a", true);
    REQUIRE_FALSE(report);
    CHECK(report.error() == caf::sec::request_timeout);
  }

  TEST_CASE_FIXTURE(executor_fixture, "runs checks side by side") {
    add(0, silent, "slow");
    add(0, healthy, "fast");
    CHECK(check("fast")->ranks == std::vector<rank_health>{{0, 0, ""}});
    CHECK(check("slow")->ranks[0].code == -1004);
  }
}
