#include "tests/unit/fleet/registry_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;
using epochs = std::vector<std::uint64_t>;

TEST_SUITE("registry") {
  TEST_CASE_FIXTURE(registry_fixture, "welcomes with all a worker needs") {
    second->applied_sequence = 8;
    const auto granted = join(hello(a0, actor));
    CHECK(granted.controller_id == 99);
    CHECK(granted.epoch == 1000);
    CHECK_FALSE(granted.is_revived);
    CHECK(granted.lease == 5s);
    CHECK(granted.key_multiplier == 12345);
    CHECK(granted.max_reports == 3);
    CHECK(granted.max_report_keys == 77);
    CHECK(granted.lookups == lookups);
    REQUIRE(granted.shards.size() == 2);
    CHECK(granted.shards[0].sink == first_shard);
    CHECK(granted.shards[0].applied_sequence == 0);
    CHECK(granted.shards[1].sink == second_shard);
    CHECK(granted.shards[1].applied_sequence == 8);
    REQUIRE(first->opened.size() == 1);
    CHECK(first->opened[0].epoch == 1000);
    CHECK(first->opened[0].worker_slot == 0);
    CHECK(second->opened.size() == 1);
    REQUIRE(list().size() == 1);
    CHECK(list()[0].profile.id == a0);
  }

  TEST_CASE_FIXTURE(registry_fixture, "tells its clock with each answer") {
    system.advance(3s);
    CHECK(join(hello(a0, actor)).clock == system.boot_clock());
    system.advance(1s);
    const auto renewed = system.ask<lease>(aut, renew_lease{a0, 1000, {}});
    REQUIRE(renewed);
    CHECK(renewed->clock == system.boot_clock());
  }

  TEST_CASE_FIXTURE(registry_fixture,
                    "welcomes only when all shards are ready") {
    second->is_silent = true;
    const auto answer = send(hello(a0, actor));
    CHECK(answer->is_pending());
    CHECK(live() == epochs{0});
    CHECK(list().empty());
    release(second_shard);
    REQUIRE(answer->granted);
    CHECK(live() == epochs{1000});
  }

  TEST_CASE_FIXTURE(registry_fixture, "gives up when a shard is silent") {
    second->is_silent = true;
    const auto answer = send(hello(a0, actor));
    system.advance(1999ms);
    CHECK(answer->is_pending());
    system.advance(1ms);
    CHECK(answer->error == "not_ready: index shards");
    CHECK(first->closed == epochs{1000});
    CHECK(second->closed == epochs{1000});
    CHECK(list(true).empty());
    second->is_silent = false;
    CHECK(join(hello(a0, actor)).epoch == 1001);
    CHECK(live() == epochs{1001});
  }

  TEST_CASE_FIXTURE(registry_fixture, "watches those it registered only") {
    join(hello(a0, actor));
    second->is_silent = true;
    const auto answer = send(hello({"b", 0}, other));
    system.advance(2s);
    REQUIRE(answer->error == "not_ready: index shards");
    CHECK(system.kill(other) == 1);
    CHECK(system.kill(actor) == 2);
  }

  TEST_CASE_FIXTURE(registry_fixture, "hides a worker at once when it dies") {
    join(hello(a0, actor));
    join(hello({"b", 0}, other));
    system.kill(actor);
    CHECK(live() == epochs{0, 1001});
    REQUIRE(list().size() == 1);
    CHECK(list()[0].profile.id.instance == "b");
    REQUIRE(list(true).size() == 2);
    CHECK(list(true)[0].is_lost);
    CHECK(first->closed.empty());
    CHECK(renewal(1000) == "stale_epoch: a/0");
  }

  TEST_CASE_FIXTURE(registry_fixture, "hides a worker that was dead before") {
    system.kill(actor);
    const auto answer = send(hello(a0, actor));
    system.run();
    CHECK_FALSE(answer->is_pending());
    CHECK(live() == epochs{0});
    CHECK(list().empty());
  }

  TEST_CASE_FIXTURE(registry_fixture, "hides a worker when its lease expires") {
    join(hello(a0, actor));
    system.advance(4s);
    CHECK(live() == epochs{1000});
    CHECK(renewal(1000) == "ok");
    system.advance(4s);
    CHECK(live() == epochs{1000});
    system.advance(2s);
    CHECK(live() == epochs{0});
    CHECK(first->closed.empty());
  }

  TEST_CASE_FIXTURE(registry_fixture, "shows a silent worker when it renews") {
    join(hello(a0, actor));
    system.advance(20s);
    REQUIRE(live() == epochs{0});
    CHECK(renewal(1000) == "ok");
    CHECK(live() == epochs{1000});
    CHECK(list().size() == 1);
  }

  TEST_CASE_FIXTURE(registry_fixture, "closes the epoch of who stays away") {
    join(hello(a0, actor));
    system.kill(actor);
    system.advance(29s);
    CHECK(first->closed.empty());
    system.advance(2s);
    CHECK(first->closed == epochs{1000});
    CHECK(second->closed == epochs{1000});
    CHECK(list(true).empty());
    CHECK(renewal(1000) == "unknown_worker: a/0");
  }

  TEST_CASE_FIXTURE(registry_fixture, "revives the epoch of who comes back") {
    join(hello(a0, actor));
    system.kill(actor);
    first->applied_sequence = 41;
    const auto granted = join(resuming(hello(a0, other), 1000));
    CHECK(granted.is_revived);
    CHECK(granted.epoch == 1000);
    CHECK(granted.shards[0].applied_sequence == 41);
    CHECK(first->closed.empty());
    CHECK(live() == epochs{1000});
    REQUIRE(first->opened.size() == 2);
    CHECK(first->opened[1].worker_slot == 0);
    system.kill(other);  // The new actor is the one monitored.
    CHECK(live() == epochs{0});
  }

  TEST_CASE_FIXTURE(registry_fixture,
                    "replaces a worker by its newer process") {
    join(hello(a0, actor));
    const auto granted = join(hello(a0, other, 51));
    CHECK(granted.epoch == 1001);
    CHECK_FALSE(granted.is_revived);
    CHECK(first->closed == epochs{1000});
    CHECK(live() == epochs{1001});
    CHECK(refusal_of(hello(a0, actor)) ==
          "superseded: a newer process registered as a/0");
    system.kill(actor);
    CHECK(live() == epochs{1001});
    CHECK(list()[0].actor == other);
  }

  TEST_CASE_FIXTURE(registry_fixture,
                    "tells the superseded when their successor is gone") {
    const auto heard = std::make_shared<int>(0);
    const worker_actor older = system.spawn(listening_worker, heard);
    join(hello(a0, actor));
    CHECK(refusal_of(hello(a0, older, 20)) ==
          "superseded: a newer process registered as a/0");
    CHECK(*heard == 0);
    SUBCASE("when its link closes") { system.kill(actor); }
    SUBCASE("when its lease ends") { system.advance(6s); }
    SUBCASE("when it leaves") {
      CHECK(*system.ask<bool>(aut, deregister_worker{a0, 1000}));
    }
    CHECK(*heard == 1);
    CHECK(join(hello(a0, older, 20)).epoch == 1001);
    CHECK(live() == epochs{1001});
    CHECK(*heard == 1);
  }

  TEST_CASE_FIXTURE(registry_fixture,
                    "hides the replaced one before all else") {
    join(hello(a0, actor));
    first->is_silent = true;
    send(hello(a0, other, 51));
    CHECK(live() == epochs{0});
    CHECK(first->closed == epochs{1000});
  }

  TEST_CASE_FIXTURE(registry_fixture, "keeps who says hello again") {
    join(hello(a0, actor));
    const auto granted = join(resuming(hello(a0, actor), 1000));
    CHECK(granted.is_revived);
    CHECK(live() == epochs{1000});
    system.kill(actor);  // Still monitored.
    CHECK(live() == epochs{0});
  }

  TEST_CASE_FIXTURE(registry_fixture, "lets workers leave") {
    join(hello(a0, actor));
    const auto leave = [this](std::uint64_t epoch) {
      return *system.ask<bool>(aut, deregister_worker{a0, epoch});
    };
    CHECK_FALSE(leave(999));
    CHECK(live() == epochs{1000});
    CHECK(leave(1000));
    CHECK(live() == epochs{0});
    CHECK(first->closed == epochs{1000});
    CHECK(second->closed == epochs{1000});
    CHECK_FALSE(leave(1000));
    CHECK(list(true).empty());
  }

  TEST_CASE_FIXTURE(registry_fixture, "lists what it refused") {
    auto stranger = hello({"x", 0}, actor);
    stranger.hashing.chunk_size = 128;
    CHECK(refusal_of(stranger) ==
          "hashing_mismatch: chunk_size: controller 256, worker 128");
    refusal_of(stranger);
    auto answer = system.ask<std::vector<refusal>>(aut, list_refusals{});
    REQUIRE(answer);
    REQUIRE(answer->size() == 1);
    CHECK(answer->front().id == worker_id{"x", 0});
    CHECK(answer->front().ip == "10.0.0.1");
    CHECK(answer->front().reason == errc::hashing_mismatch);
    CHECK(answer->front().detail ==
          "hashing_mismatch: chunk_size: controller 256, worker 128");
    CHECK(answer->front().count == 2);
    CHECK(first->opened.empty());
    CHECK(list(true).empty());
  }

  TEST_CASE_FIXTURE(registry_fixture, "lists names that cannot be names") {
    for (const auto& name : {std::string{}, std::string{"vllm-\xc3\xa9"},
                             std::string{"a\nb"}, std::string(257, 'x')})
      CHECK(refusal_of(hello({name, 0}, actor))
              .starts_with("invalid_request: lmcache_instance_id: "));
    const auto answer = *system.ask<std::vector<refusal>>(aut, list_refusals{});
    REQUIRE(answer.size() == 4);
    std::set<std::string> names;
    for (const auto& one : answer)
      names.insert(one.id.instance);
    CHECK(names ==
          std::set<std::string>{"", "a?b", "vllm-??", std::string(256, 'x')});
  }

  TEST_CASE_FIXTURE(registry_fixture, "lists links that were refused") {
    auto stranger = hello({"x", 0}, actor);
    stranger.hashing.chunk_size = 128;
    refusal_of(stranger);
    const refusal link{{}, "10.0.0.9", errc::unauthorized, "why"};
    caf::anon_send(aut, link);
    system.run();
    const auto listed = [this] {
      return *system.ask<std::vector<refusal>>(aut, list_refusals{});
    };
    const auto two = listed();
    REQUIRE(two.size() == 2);
    CHECK(std::any_of(two.begin(), two.end(), [](const refusal& x) {
      return x.id == worker_id{} && x.ip == "10.0.0.9" &&
             x.reason == errc::unauthorized && x.detail == "why" &&
             x.count == 1;
    }));
    for (int i = 0; i < 300; ++i) {  // A flood of them hides no hello.
      auto one = link;
      one.ip = std::to_string(i);
      caf::anon_send(aut, one);
    }
    system.run();
    const auto all = listed();
    CHECK(all.size() == 257);
    CHECK(std::any_of(all.begin(), all.end(), [](const refusal& x) {
      return x.reason == errc::hashing_mismatch;
    }));
  }
}

TEST_SUITE("registry: hellos that overtake each other") {
  TEST_CASE_FIXTURE(registry_fixture, "answers the later of two quick hellos") {
    first->is_silent = true;
    const auto early = send(hello(a0, actor));
    const auto late = send(hello(a0, actor));
    CHECK(first->closed == epochs{1000});
    release(first_shard);
    CHECK(early->error == "not_ready: lost meanwhile");
    CHECK(late->is_pending());
    CHECK(live() == epochs{0});
    release(first_shard);
    REQUIRE(late->granted);
    CHECK(late->granted->epoch == 1001);
    CHECK(live() == epochs{1001});
    CHECK(first->closed == epochs{1000});
  }

  TEST_CASE_FIXTURE(registry_fixture, "does not welcome who died meanwhile") {
    first->is_silent = true;
    const auto answer = send(hello(a0, actor));
    system.kill(actor);
    release(first_shard);
    CHECK(answer->error == "not_ready: lost meanwhile");
    CHECK(live() == epochs{0});
    system.advance(31s);
    CHECK(first->closed == epochs{1000});
    CHECK(second->closed == epochs{1000});
  }

  TEST_CASE_FIXTURE(registry_fixture, "does not welcome who left meanwhile") {
    first->is_silent = true;
    const auto answer = send(hello(a0, actor));
    CHECK(*system.ask<bool>(aut, deregister_worker{a0, 1000}));
    release(first_shard);
    CHECK(answer->error == "not_ready: lost meanwhile");
    CHECK(live() == epochs{0});
  }

  TEST_CASE_FIXTURE(registry_fixture, "welcomes the latest of two revivals") {
    join(hello(a0, actor));
    first->is_silent = true;
    const auto early = send(resuming(hello(a0, actor), 1000));
    const auto late = send(resuming(hello(a0, other), 1000));
    first->applied_sequence = 5;
    release(first_shard);
    CHECK(early->error == "not_ready: lost meanwhile");
    CHECK(live() == epochs{0});
    first->applied_sequence = 6;
    release(first_shard);
    REQUIRE(late->granted);
    CHECK(late->granted->shards[0].applied_sequence == 6);
    CHECK(live() == epochs{1000});
    system.kill(actor);  // Its link was the earlier one.
    CHECK(live() == epochs{1000});
  }

  TEST_CASE_FIXTURE(registry_fixture, "keeps a revival that outlives another") {
    join(hello(a0, actor));
    first->is_silent = true;
    const auto early = send(resuming(hello(a0, actor), 1000));
    system.advance(1s);
    const auto late = send(resuming(hello(a0, other), 1000));
    system.advance(1s);
    CHECK(early->error == "not_ready: index shards");
    CHECK(first->closed.empty());
    release(first_shard);
    release(first_shard);
    REQUIRE(late->granted);
    CHECK(late->granted->is_revived);
    CHECK(late->granted->epoch == 1000);
    CHECK(live() == epochs{1000});
  }
}
