#include "tests/unit/fleet/fleet_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;
using ids = std::vector<worker_id>;

TEST_SUITE("fleet: silence") {
  TEST_CASE_FIXTURE(fleet_fixture, "loses a worker when its lease ends") {
    add(hello(a0));
    CHECK(pass(4).silent.empty());
    CHECK(workers.is_live(a0));
    CHECK(pass(1).silent == ids{a0});
    CHECK_FALSE(workers.is_live(a0));
    CHECK(workers.view()->live_epochs == std::vector<std::uint64_t>{0});
    CHECK(workers.view()->instances.empty());
    CHECK(workers.records(false).empty());
    REQUIRE(workers.records(true).size() == 1);
    CHECK(workers.records(true)[0].is_lost);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "keeps a worker that renews in time") {
    add(hello(a0));
    for (int i = 0; i < 10; ++i) {
      CHECK(pass(4).silent.empty());
      auto renewed = workers.renew({a0, 1000, {}}, now, 2);
      REQUIRE(renewed);
      CHECK(renewed->epoch == 1000);
      CHECK(renewed->valid_for == milliseconds{5'000});
    }
    CHECK(workers.is_live(a0));
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "takes a silent worker back when it renews") {
    add(hello(a0));
    pass(20);
    CHECK(renewal(a0, 1000) == "ok");
    CHECK(workers.is_live(a0));
    CHECK(workers.view()->live_epochs == std::vector<std::uint64_t>{1000});
    CHECK(pass(4).silent.empty());
    CHECK(pass(1).silent == ids{a0});
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "does not take it back among other siblings") {
    add(hello(a0, 2));
    pass(6);
    add(hello({"a", 1}, 4));
    CHECK(renewal(a0, 1000) == "stale_epoch: a/0");
    CHECK_FALSE(workers.is_live(a0));
    CHECK(refusal_of(resuming(hello(a0, 2), 1000)) ==
          "rank_count_mismatch: rank_count: a/1 announced 4, this worker 2");
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "does not take back another model's chunks") {
    auto first = hello(a0, 2);
    first.profile.model = "llama";
    add(first);
    pass(6);
    add(hello({"a", 1}, 2));
    CHECK(renewal(a0, 1000) == "stale_epoch: a/0");
    CHECK_FALSE(workers.is_live(a0));
  }

  TEST_CASE_FIXTURE(fleet_fixture, "refuses a renewal that makes no sense") {
    add(hello(a0));
    CHECK(renewal({"b", 0}, 1000) == "unknown_worker: b/0");
    CHECK(renewal(a0, 999) == "stale_epoch: a/0");
    const auto renew = [this](std::vector<location_usage> usage) {
      auto renewed = workers.renew({a0, 1000, std::move(usage)}, now, 2);
      return renewed ? "ok" : describe(renewed.error());
    };
    CHECK(renew({{}, {}, {}}) == "invalid_request: usage");
    CHECK(renew({{static_cast<location>(2), 0, 0, 0}}) ==
          "invalid_request: usage");
    CHECK(renew({{}, {}}) == "ok");
  }

  TEST_CASE_FIXTURE(fleet_fixture, "forgets a silent worker after its grace") {
    add(hello(a0));
    const auto before = pass(34);
    CHECK(before.silent == ids{a0});
    CHECK(before.forgotten.empty());
    const auto after = pass(1);
    REQUIRE(after.forgotten.size() == 1);
    CHECK(after.forgotten[0].epoch == 1000);
    CHECK(after.forgotten[0].actor == actor);
    CHECK(workers.records(true).empty());
    CHECK(renewal(a0, 1000) == "unknown_worker: a/0");
    CHECK(join(hello({"b", 0})).worker_slot == 0);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "never loses a worker that is joining") {
    const auto joined = join(hello(a0));
    const auto changes = pass(100);
    CHECK(changes.silent.empty());
    CHECK(changes.forgotten.empty());
    CHECK(workers.confirm(a0, joined.attempt));
  }
}

TEST_SUITE("fleet: disconnection and revival") {
  TEST_CASE_FIXTURE(fleet_fixture, "loses all workers of the lost actor") {
    add(hello(a0, 2));
    add(hello({"a", 1}, 2));
    auto stranger = hello({"b", 0});
    stranger.actor = other;
    add(stranger);
    CHECK(workers.lose(actor.address(), now) == ids{a0, {"a", 1}});
    CHECK(workers.lose(actor.address(), now).empty());
    CHECK_FALSE(workers.is_live(a0));
    CHECK(workers.is_live({"b", 0}));
    CHECK(workers.records(true).size() == 3);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "wants a hello of a disconnected worker") {
    add(hello(a0));
    workers.lose(actor.address(), now);
    CHECK(renewal(a0, 1000) == "stale_epoch: a/0");
    CHECK_FALSE(workers.is_live(a0));
  }

  TEST_CASE_FIXTURE(fleet_fixture, "revives the epoch of the same process") {
    const auto before = add(hello(a0));
    workers.lose(actor.address(), now);
    pass(29);
    auto msg = resuming(hello(a0), 1000);
    msg.actor = other;
    const auto joined = join(msg);
    CHECK(joined.is_revived);
    CHECK(joined.epoch == 1000);
    CHECK(joined.worker_slot == before.worker_slot);
    CHECK(joined.closed_epoch == 0);
    CHECK(joined.previous_actor == actor.address());
    CHECK(joined.attempt != before.attempt);
    CHECK_FALSE(workers.is_live(a0));
    CHECK(workers.confirm(a0, joined.attempt));
    CHECK(workers.view()->live_epochs == std::vector<std::uint64_t>{1000});
    CHECK(workers.actor_of(a0) == other.address());
    CHECK(pass(4).silent.empty());  // The lease began anew.
    CHECK(workers.records(false)[0].registered_at_ms == 1);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "revives a worker not known to be lost") {
    add(hello(a0));
    const auto joined = join(resuming(hello(a0), 1000));
    CHECK(joined.is_revived);
    CHECK(workers.confirm(a0, joined.attempt));
    pass(6);
    CHECK_FALSE(workers.is_live(a0));
    CHECK(join(resuming(hello(a0), 1000)).is_revived);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "revives nothing for anybody else") {
    add(hello(a0));
    workers.lose(actor.address(), now);
    auto other_controller = resuming(hello(a0), 1000);
    other_controller.resume_controller = 98;
    CHECK_FALSE(join(other_controller).is_revived);
    const auto other_epoch = join(resuming(hello(a0), 1000));
    CHECK_FALSE(other_epoch.is_revived);
    CHECK(other_epoch.epoch == 1002);
    const auto other_process = join(resuming(hello(a0, 1, 51), 1002));
    CHECK_FALSE(other_process.is_revived);
    CHECK(other_process.closed_epoch == 1002);
    auto other_model = resuming(hello(a0, 1, 51), 1003);
    other_model.profile.model = "llama";
    CHECK_FALSE(join(other_model).is_revived);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "revives nothing after the grace time") {
    add(hello(a0));
    workers.lose(actor.address(), now);
    CHECK(pass(29).forgotten.empty());
    CHECK(pass(1).forgotten.size() == 1);
    CHECK_FALSE(join(resuming(hello(a0), 1000)).is_revived);
  }

  TEST_CASE_FIXTURE(fleet_fixture,
                    "counts the grace from the loss of the link") {
    add(hello(a0));
    pass(20);  // Silent since 5 s, now its link goes too.
    CHECK(workers.lose(actor.address(), now) == ids{a0});
    CHECK(pass(29).forgotten.empty());
    CHECK(pass(1).forgotten.size() == 1);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "confirms nobody who was lost meanwhile") {
    const auto joined = join(hello(a0));
    CHECK(workers.lose(actor.address(), now) == ids{a0});
    CHECK_FALSE(workers.confirm(a0, joined.attempt));
    CHECK(pass(30).forgotten.size() == 1);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "confirms only the latest hello") {
    add(hello(a0));
    const auto first = join(resuming(hello(a0), 1000));
    workers.lose(actor.address(), now);
    const auto second = join(resuming(hello(a0), 1000));
    REQUIRE(first.epoch == second.epoch);
    CHECK_FALSE(workers.is_latest(a0, first.attempt));
    CHECK_FALSE(workers.confirm(a0, first.attempt));
    CHECK(workers.is_latest(a0, second.attempt));
    CHECK_FALSE(workers.is_live(a0));
    CHECK(workers.confirm(a0, second.attempt));
    workers.leave(a0, 1000);
    CHECK_FALSE(workers.is_latest(a0, second.attempt));
  }

  TEST_CASE_FIXTURE(fleet_fixture, "does not lose whom another actor serves") {
    add(hello(a0));
    auto newer = hello(a0, 1, 51);
    newer.actor = other;
    add(newer);
    CHECK(workers.lose(actor.address(), now).empty());
    CHECK(workers.is_live(a0));
  }
}

TEST_SUITE("fleet: processes that share an id") {
  TEST_CASE_FIXTURE(fleet_fixture, "do not wait for one whose link is gone") {
    add(hello(a0, 1, 50));
    workers.lose(actor.address(), now);
    auto restarted = hello(a0, 1, 20);  // Its clock is behind.
    restarted.actor = other;
    const auto joined = join(restarted);
    CHECK(joined.epoch == 1001);
    CHECK(joined.closed_epoch == 1000);
    CHECK(workers.confirm(a0, joined.attempt));
    CHECK(workers.actor_of(a0) == other.address());
  }

  TEST_CASE_FIXTURE(fleet_fixture, "do not wait for one whose lease is over") {
    add(hello(a0, 1, 50));
    CHECK(refusal_of(hello(a0, 1, 20)) ==
          "superseded: a newer process registered as a/0");
    pass(5);
    CHECK(refusal_of(hello(a0, 1, 20)) == "accepted");
    CHECK(renewal(a0, 1000) == "stale_epoch: a/0");
  }

  TEST_CASE_FIXTURE(fleet_fixture, "end the dormant epoch they take over") {
    add(hello(a0, 1, 50));
    workers.lose(actor.address(), now);
    auto older = hello(a0, 1, 20);
    older.actor = other;
    add(older);
    const auto back = join(resuming(hello(a0, 1, 50), 1000));
    CHECK_FALSE(back.is_revived);
    CHECK(back.closed_epoch == 1001);
    CHECK(refusal_of(older) == "superseded: a newer process registered as a/0");
  }

  TEST_CASE_FIXTURE(fleet_fixture, "are invited when their successor is lost") {
    add(hello(a0, 1, 50));
    auto older = hello(a0, 1, 20);
    older.actor = other;
    refusal_of(older);
    CHECK(workers.take_invited().empty());
    SUBCASE("by its link") { workers.lose(actor.address(), now); }
    SUBCASE("by its lease") { pass(5); }
    SUBCASE("because it left") { workers.leave(a0, 1000); }
    CHECK(workers.take_invited() == std::vector{other});
    CHECK(workers.take_invited().empty());
    add(older);
    workers.lose(other.address(), now);
    CHECK(workers.take_invited().empty());
  }

  TEST_CASE_FIXTURE(fleet_fixture, "are invited by the successor's successor") {
    add(hello(a0, 1, 50));
    auto older = hello(a0, 1, 20);
    older.actor = other;
    refusal_of(older);
    add(hello(a0, 1, 60));
    CHECK(workers.take_invited().empty());
    workers.lose(actor.address(), now);
    CHECK(workers.take_invited() == std::vector{other});
  }

  TEST_CASE_FIXTURE(fleet_fixture, "are not invited to their own place") {
    add(hello(a0, 1, 50));
    auto restarted = hello(a0, 1, 20);
    restarted.actor = other;
    refusal_of(restarted);
    restarted.process.started_at = 60;
    add(restarted);
    workers.leave(a0, 1001);
    CHECK(workers.take_invited().empty());
  }
}

TEST_SUITE("fleet: a controller that was stopped") {
  TEST_CASE_FIXTURE(fleet_fixture, "loses nobody whose renewals wait") {
    add(hello(a0));
    pass(3);
    freeze(12);
    CHECK(pass(1).silent.empty());
    CHECK(workers.is_live(a0));
    CHECK(renewal(a0, 1000) == "ok");
    CHECK(pass(4).silent.empty());
    CHECK(pass(1).silent == ids{a0});
  }

  TEST_CASE_FIXTURE(fleet_fixture, "extends leases by no more than the delay") {
    add(hello(a0));
    pass(3);
    freeze(12);
    CHECK(pass(2).silent == ids{a0});  // 3 s before, 2 s behind.
  }

  TEST_CASE_FIXTURE(fleet_fixture, "grants nobody more than a lease") {
    add(hello(a0));
    pass(1);
    freeze(12);
    CHECK(renewal(a0, 1000) == "ok");  // Read before the sweep.
    CHECK(pass(5).silent.empty());
    CHECK(pass(1).silent == ids{a0});  // A lease after the late sweep.
  }

  TEST_CASE_FIXTURE(fleet_fixture, "keeps whom it had lost as long again") {
    add(hello(a0));
    workers.lose(actor.address(), now);
    pass(10);
    freeze(60);
    CHECK(pass(19).forgotten.empty());
    CHECK(pass(1).forgotten.size() == 1);
  }

  TEST_CASE_FIXTURE(fleet_fixture, "takes a little lateness for none") {
    add(hello(a0));
    pass(3);
    freeze(1);
    CHECK(pass(1).silent == ids{a0});
  }
}
