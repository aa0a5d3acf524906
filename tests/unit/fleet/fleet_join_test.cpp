#include "tests/unit/fleet/fleet_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

TEST_SUITE("fleet: joining") {
  TEST_CASE_FIXTURE(fleet_fixture, "gives each worker an epoch and a slot") {
    const auto first = join(hello(a0, 2));
    const auto second = join(hello({"a", 1}, 2));
    CHECK(first.epoch == 1000);
    CHECK(first.worker_slot == 0);
    CHECK_FALSE(first.is_revived);
    CHECK(first.closed_epoch == 0);
    CHECK(first.previous_actor == caf::actor_addr{});
    CHECK(second.epoch == 1001);
    CHECK(second.worker_slot == 1);
    CHECK(second.attempt != first.attempt);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "makes a worker live when it is confirmed") {
    const auto joined = join(hello(a0));
    CHECK_FALSE(workers.is_live(a0));
    CHECK(workers.records(true).empty());
    CHECK(workers.view()->live_epochs == std::vector<std::uint64_t>{0});
    CHECK(workers.confirm(a0, joined.attempt));
    CHECK(workers.is_live(a0));
    CHECK(workers.actor_of(a0) == actor.address());
    CHECK(workers.view()->live_epochs == std::vector<std::uint64_t>{1000});
    CHECK_FALSE(workers.confirm(a0, joined.attempt));
    CHECK_FALSE(workers.confirm({"b", 0}, joined.attempt));
  }

  TEST_CASE_FIXTURE(fleet_fixture, "records what a worker said and when") {
    auto msg = hello(a0);
    msg.profile.model = "llama";
    msg.profile.ip = "2001:DB8:0::5";
    msg.profile.port = 8001;
    msg.usage = {{location::cpu, 1, 2, 3}};
    add(msg);
    CHECK(workers.records(false).at(0).usage.at(0).chunks == 1);
    std::vector<location_usage> usage{{location::disk, 3, 4, 5}};
    REQUIRE(workers.renew({a0, 1000, usage}, now, 77));
    const auto records = workers.records(false);
    REQUIRE(records.size() == 1);
    CHECK(records[0].profile.id == a0);
    CHECK(records[0].profile.model == "llama");
    CHECK(records[0].profile.ip == "2001:db8::5");
    CHECK(records[0].profile.port == 8001);
    CHECK(records[0].actor == actor);
    CHECK(records[0].epoch == 1000);
    CHECK(records[0].worker_slot == 0);
    CHECK_FALSE(records[0].is_lost);
    CHECK(records[0].registered_at_ms == 1);
    CHECK(records[0].renewed_at_ms == 77);
    REQUIRE(records[0].usage.size() == 1);
    CHECK(records[0].usage[0].used_bytes == 4);
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "lets a newer process replace an older one") {
    add(hello(a0));
    auto newer = hello(a0, 1, 51);
    newer.actor = other;
    const auto joined = join(newer);
    CHECK(joined.epoch == 1001);
    CHECK(joined.closed_epoch == 1000);
    CHECK(joined.previous_actor == actor.address());
    CHECK_FALSE(joined.is_revived);
    CHECK_FALSE(workers.is_live(a0));
    CHECK(workers.actor_of(a0) == other.address());
    CHECK(renewal(a0, 1000) == "stale_epoch: a/0");
    CHECK(workers.confirm(a0, joined.attempt));
    CHECK(workers.view()->live_epochs == std::vector<std::uint64_t>{1001});
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "refuses an older process, changing nothing") {
    add(hello(a0));
    CHECK(refusal_of(hello(a0, 1, 49)) ==
          "superseded: a newer process registered as a/0");
    auto sibling_salt = hello(a0);
    sibling_salt.process.salt = 0;
    CHECK(refusal_of(sibling_salt) ==
          "superseded: a newer process registered as a/0");
    CHECK(workers.is_live(a0));
    CHECK(renewal(a0, 1000) == "ok");
  }

  TEST_CASE_FIXTURE(fleet_fixture, "refuses an older process while it joins") {
    const auto joined = join(hello(a0));
    CHECK(refusal_of(hello(a0, 1, 49)) ==
          "superseded: a newer process registered as a/0");
    CHECK(workers.confirm(a0, joined.attempt));
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "starts over for a process that lost count") {
    add(hello(a0));
    const auto again = join(hello(a0));
    CHECK(again.epoch == 1001);
    CHECK(again.closed_epoch == 1000);
    CHECK_FALSE(again.is_revived);
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "refuses ranks that disagree on their count") {
    add(hello(a0, 2));
    CHECK(refusal_of(hello({"a", 1}, 4)) ==
          "rank_count_mismatch: rank_count: a/0 announced 2, this worker 4");
    CHECK(refusal_of(hello({"a", 1}, 2)) == "accepted");
    CHECK(refusal_of(hello({"ab", 1}, 4)) == "accepted");
    CHECK(refusal_of(hello(a0, 1)) ==
          "rank_count_mismatch: rank_count: a/1 announced 2, this worker 1");
  }

  TEST_CASE_FIXTURE(fleet_fixture, "refuses ranks that disagree on the model") {
    auto first = hello(a0, 2);
    first.profile.model = "llama";
    join(first);  // Counts though it is not live yet.
    auto second = hello({"a", 1}, 2);
    second.profile.model = "qwen";
    CHECK(refusal_of(second) ==
          "invalid_request: model: a/0 has 'llama', this worker 'qwen'");
    second.profile.model = "llama";
    CHECK(refusal_of(second) == "accepted");
  }

  TEST_CASE_FIXTURE(fleet_fixture, "lets a worker change its own shape alone") {
    add(hello(a0, 1));
    CHECK(refusal_of(hello(a0, 2, 51)) == "accepted");
  }

  TEST_CASE_FIXTURE(fleet_fixture, "does not count lost ranks as siblings") {
    add(hello(a0, 2));
    workers.lose(actor.address(), now);
    CHECK(refusal_of(hello({"a", 1}, 4)) == "accepted");
    add(hello({"b", 0}, 2));
    pass(6);
    CHECK_FALSE(workers.is_live({"b", 0}));
    CHECK(refusal_of(hello({"b", 1}, 4)) == "accepted");
  }

  TEST_CASE_FIXTURE(fleet_fixture, "passes on what is wrong with a hello") {
    auto msg = hello(a0);
    msg.canary = 8;
    CHECK(refusal_of(msg) ==
          "hashing_mismatch: canary: controller 7, worker 8");
    CHECK(join(hello(a0)).epoch == 1000);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "refuses the worker that is one too many") {
    for (std::uint32_t i = 0; i < 65'536; ++i)
      REQUIRE(workers.join(hello({std::to_string(i), 0}), now, 1));
    CHECK(refusal_of(hello(a0)) == "no_capacity: too many workers");
    CHECK(refusal_of(hello({"7", 0}, 1, 51)) == "accepted");
    CHECK(workers.leave({"7", 0}, 1000 + 65'536));
    CHECK(refusal_of(hello(a0)) == "accepted");
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "forgets who leaves and uses its slot again") {
    add(hello(a0));
    add(hello({"b", 0}));
    CHECK_FALSE(workers.leave(a0, 999));
    CHECK_FALSE(workers.leave({"c", 0}, 1000));
    CHECK(workers.is_live(a0));
    CHECK(workers.leave(a0, 1000));
    CHECK_FALSE(workers.leave(a0, 1000));
    CHECK(workers.actor_of(a0) == caf::actor_addr{});
    CHECK(renewal(a0, 1000) == "unknown_worker: a/0");
    const auto next = join(hello({"c", 0}));
    CHECK(next.worker_slot == 0);
    CHECK(next.epoch == 1002);
    CHECK(join(hello({"d", 0})).worker_slot == 2);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "shows the live workers by instance") {
    auto model = hello({"b", 1}, 3);
    model.profile.model = "llama";
    add(model);
    add(hello({"a10", 0}));
    add(hello({"a", 1}, 2));
    auto sibling = hello({"b", 0}, 3);
    sibling.profile.model = "llama";
    add(sibling);
    join(hello(a0, 2));  // Not confirmed.
    const auto view = workers.view();
    CHECK(view->live_epochs ==
          std::vector<std::uint64_t>{1000, 1001, 1002, 1003, 0});
    REQUIRE(view->instances.size() == 3);
    CHECK(view->instances[0].name == "a");
    CHECK(view->instances[0].rank_count == 2);
    CHECK(view->instances[0].live_ranks == 1);
    CHECK(view->instances[1].name == "a10");
    CHECK(view->instances[2].name == "b");
    CHECK(view->instances[2].model == "llama");
    CHECK(view->instances[2].rank_count == 3);
    CHECK(view->instances[2].live_ranks == 2);
    CHECK(view->instance_of == std::vector<std::uint32_t>{2, 1, 0, 2, 0});
    CHECK(view->missing_ranks == 2);
  }
}
