#include "tests/unit/worker/worker_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

using keys = std::vector<std::uint64_t>;

}  // namespace

TEST_SUITE("worker: refusals") {
  TEST_CASE_FIXTURE(worker_fixture, "says hello again when its epoch is over") {
    start();
    controller.renewal_refusal = caf::make_error(errc::stale_epoch);
    controller.greeting.epoch = 8;
    advance(1'000);
    REQUIRE(controller.hellos.size() == 2);
    CHECK(controller.hello_times[1] == controller.renewal_times[0]);
    CHECK(controller.hellos[1].resume_epoch == 7);
    CHECK(network.dials.size() == 1);
    REQUIRE(sinks[0].reports.size() == 2);
    CHECK(sinks[0].reports[1].epoch == 8);
    CHECK(sinks[0].reports[1].begins_sync);
    controller.renewal_refusal = {};
    advance(10'000);
    REQUIRE(controller.renewals.size() == 11);
    CHECK(controller.renewals[10].epoch == 8);
    CHECK(controller.hellos.size() == 2);
  }

  TEST_CASE_FIXTURE(worker_fixture, "asks again some time after a refusal") {
    controller.refusal = caf::make_error(errc::not_ready);
    start();
    advance(999);
    CHECK(controller.hellos.size() == 1);
    advance(1);
    CHECK(controller.hellos.size() == 2);
    controller.refusal = {};
    advance(1'000);
    CHECK(controller.hellos.size() == 3);
    CHECK(here.epoch() == 7);
    CHECK(network.dials.size() == 1);
    advance(10'000);
    CHECK(controller.hellos.size() == 3);
    CHECK(controller.renewals.size() == 10);
  }

  TEST_CASE_FIXTURE(worker_fixture, "keeps its changes through a refusal") {
    start();
    REQUIRE(sinks[0].reports.size() == 1);
    controller.renewal_refusal = caf::make_error(errc::stale_epoch);
    controller.refusal = caf::make_error(errc::not_ready);
    advance(1'000);
    REQUIRE(controller.hellos.size() == 2);
    admit(1);
    CHECK(sinks[0].reports.size() == 1);
    CHECK(hub.backlog(0) == 1);
    controller.refusal = {};
    controller.greeting.is_revived = true;
    controller.greeting.shards[0].applied_sequence = 1;
    advance(1'000);
    REQUIRE(sinks[0].reports.size() == 2);
    CHECK(sinks[0].reports[1].sequence == 2);
    CHECK(sinks[0].reports[1].keys.keys == keys{1});
  }

  TEST_CASE_FIXTURE(worker_fixture, "asks ever more rarely when superseded") {
    start();
    controller.renewal_refusal = caf::make_error(errc::superseded);
    controller.refusal = caf::make_error(errc::superseded);
    advance(1'000);
    REQUIRE(controller.hellos.size() == 2);
    admit(1);
    CHECK(hub.shards().shard_count == 0);
    CHECK(hub.backlog(0) == 0);
    CHECK(sinks[0].reports.size() == 1);
    std::size_t hellos = 2;
    for (const auto wait : {1'000, 2'000, 4'000, 8'000, 10'000, 10'000}) {
      advance(wait - 1);
      CHECK(controller.hellos.size() == hellos);
      advance(1);
      CHECK(controller.hellos.size() == ++hellos);
    }
    CHECK(controller.renewals.size() == 1);
    controller.refusal = {};
    controller.renewal_refusal = {};
    controller.greeting.epoch = 8;
    advance(10'000);
    REQUIRE(controller.hellos.size() == hellos + 1);
    CHECK(controller.hellos.back().resume_epoch == 0);
    REQUIRE(sinks[0].reports.size() == 2);
    CHECK(sinks[0].reports[1].begins_sync);
    CHECK(sinks[0].reports[1].keys.keys == keys{1});
    controller.refusal = caf::make_error(errc::superseded);
    send(epoch_ended{8});
    REQUIRE(controller.hellos.size() == hellos + 2);
    advance(1'000);  // It begins anew.
    CHECK(controller.hellos.size() == hellos + 3);
  }

  TEST_CASE_FIXTURE(worker_fixture, "takes its place at once when told to") {
    controller.refusal = caf::make_error(errc::superseded);
    start();
    advance(20'000);
    const auto hellos = controller.hellos.size();
    send(ask_again{});
    CHECK(controller.hellos.size() == hellos + 1);
    controller.refusal = {};
    send(ask_again{});
    CHECK(controller.hellos.size() == hellos + 2);
    CHECK(here.epoch() == 7);
    send(ask_again{});  // It has its place.
    CHECK(controller.hellos.size() == hellos + 2);
    advance(10'000);
    CHECK(controller.hellos.size() == hellos + 2);
    CHECK(controller.renewals.size() == 10);
  }

  TEST_CASE_FIXTURE(worker_fixture, "asks no earlier for other refusals") {
    controller.refusal = caf::make_error(errc::not_ready);
    start();
    send(ask_again{});
    CHECK(controller.hellos.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture,
                    "asks again after a welcome without sense") {
    auto& greeting = controller.greeting;
    const auto sound = greeting;
    SUBCASE("no shards") { greeting.shards.clear(); }
    SUBCASE("too many shards") {
      greeting.shards.assign(1'025, sound.shards[0]);
    }
    SUBCASE("a shard without a sink") { greeting.shards.emplace_back(); }
    SUBCASE("no reports") { greeting.max_reports = 0; }
    SUBCASE("empty reports") { greeting.max_report_keys = 0; }
    SUBCASE("reports that no shard takes") {
      greeting.max_report_keys = key_block::max_keys + 1;
    }
    SUBCASE("an epoch revived that never was") { greeting.is_revived = true; }
    start();
    advance(999);
    CHECK(controller.hellos.size() == 1);
    CHECK(sinks[0].reports.empty());
    CHECK(here.epoch() == 0);
    greeting = sound;
    advance(1);
    CHECK(controller.hellos.size() == 2);
    CHECK(here.epoch() == 7);
    CHECK(sinks[0].reports.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture,
                    "forgets an epoch that is revived with another layout") {
    start();
    cut_link();
    controller.greeting.is_revived = true;
    SUBCASE("another number of shards") {
      controller.greeting.shards.push_back({shards[1], 0});
    }
    SUBCASE("another distribution") { controller.greeting.key_multiplier = 3; }
    advance(50);
    REQUIRE(controller.hellos.size() == 2);
    CHECK(controller.hellos[1].resume_epoch == 7);
    CHECK(sinks[0].reports.size() == 1);
    CHECK(sinks[1].reports.empty());
    controller.greeting.is_revived = false;
    controller.greeting.epoch = 8;
    advance(1'000);
    REQUIRE(controller.hellos.size() == 3);
    CHECK(controller.hellos[2].resume_epoch == 0);
    REQUIRE(sinks[0].reports.size() == 2);
    CHECK(sinks[0].reports[1].epoch == 8);
    CHECK(sinks[0].reports[1].begins_sync);
  }

  TEST_CASE_FIXTURE(worker_fixture,
                    "asks again when nobody answers its hello") {
    controller.is_silent = true;
    start();
    advance(5'999);
    CHECK(controller.hellos.size() == 1);
    advance(1);
    CHECK(controller.hellos.size() == 2);
    controller.is_silent = false;
    advance(6'000);
    CHECK(controller.hellos.size() == 3);
    CHECK(here.epoch() == 7);
    CHECK(network.dials.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture, "ignores a welcome that comes too late") {
    controller.holds_greetings = true;
    start();
    controller.holds_greetings = false;
    controller.greeting.epoch = 8;
    advance(6'000);
    REQUIRE(here.epoch() == 8);
    release_greetings();
    CHECK(here.epoch() == 8);
    CHECK(sinks[0].reports.size() == 1);
    advance(1'000);
    REQUIRE(controller.renewals.size() == 1);
    CHECK(controller.renewals[0].epoch == 8);
  }

  TEST_CASE_FIXTURE(worker_fixture, "keeps renewing when nobody answers") {
    start();
    controller.is_silent = true;
    advance(1'000 + 4'999);
    CHECK(controller.renewals.size() == 1);
    advance(1);
    CHECK(controller.renewals.size() == 2);
    controller.is_silent = false;
    advance(5'000);
    CHECK(controller.renewals.size() == 3);
    advance(1'000);
    CHECK(controller.renewals.size() == 4);
    CHECK(controller.hellos.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture,
                    "says hello once though two shards object") {
    controller.greeting.shards.push_back({shards[1], 0});
    start();
    REQUIRE(sinks[0].reports.size() == 1);
    sinks[0].status = sinks[1].status = report_status::stale_epoch;
    controller.holds_greetings = true;
    controller.greeting.epoch = 8;
    store.admit(1);
    store.admit(std::uint64_t{1} << 63U);
    system.run();
    CHECK(sinks[0].reports.size() == 2);
    CHECK(sinks[1].reports.size() == 2);
    CHECK(controller.hellos.size() == 2);
    sinks[0].status = sinks[1].status = report_status::applied;
    release_greetings();
    CHECK(here.epoch() == 8);
    REQUIRE(sinks[0].reports.size() == 3);
    CHECK(sinks[0].reports[2].epoch == 8);
    CHECK(sinks[0].reports[2].begins_sync);
    CHECK(controller.hellos.size() == 2);
  }

  TEST_CASE_FIXTURE(worker_fixture, "ignores the end of an earlier epoch") {
    start();
    send(epoch_ended{6});
    CHECK(controller.hellos.size() == 1);
    controller.holds_greetings = true;
    send(epoch_ended{7});
    CHECK(controller.hellos.size() == 2);
    admit(1);
    CHECK(sinks[0].reports.size() == 1);  // It waits for the welcome.
  }

  TEST_CASE_FIXTURE(worker_fixture, "goes ahead when it is registered") {
    int signs = 0;
    here.on_go_ahead([&] { ++signs; });
    controller.refusal = caf::make_error(errc::hashing_mismatch);
    start();
    advance(60'000);
    CHECK(signs == 0);
    cut_link();
    network.link = nullptr;  // That it is gone now changes nothing.
    advance(60'000);
    CHECK(signs == 0);
    controller.refusal = {};
    open_link();
    advance(1'000);
    CHECK(here.epoch() == 7);
    CHECK(signs == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture, "goes ahead when nobody answers for long") {
    int signs = 0;
    here.on_go_ahead([&] { ++signs; });
    network.link = nullptr;
    SUBCASE("at its port") {
      start();
      advance(9'999);
      CHECK(signs == 0);
      advance(600);
      CHECK(signs > 0);
    }
    SUBCASE("its hello") {
      controller.is_silent = true;
      open_link();
      start();
      advance(9'999);
      CHECK(signs == 0);
      advance(7'000);
      CHECK(signs > 0);
    }
    SUBCASE("but for a refusal of its secret") {
      network.trouble = errc::unauthorized;
      start();
      advance(60'000);
      CHECK(signs == 0);
    }
  }
}
