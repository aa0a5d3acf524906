#include "actors/worker/worker.hpp"

#include "tests/support/log_capture.hpp"
#include "tests/unit/worker/worker_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

using keys = std::vector<std::uint64_t>;

/// Returns how long a worker waits between its first dials, which all fail.
std::vector<std::chrono::nanoseconds> waits_of(std::uint64_t salt) {
  worker_fixture fixture;
  fixture.settings.process.salt = salt;
  fixture.network.link = nullptr;
  fixture.start();
  fixture.advance(2'500);
  const auto& dials = fixture.network.dials;
  std::vector<std::chrono::nanoseconds> waits;
  for (std::size_t i = 1; i < dials.size(); ++i)
    waits.emplace_back(dials[i] - dials[i - 1]);
  return waits;
}

}  // namespace

TEST_SUITE("worker: link") {
  TEST_CASE("waits a random time up to a doubling bound between its dials") {
    const std::vector<std::chrono::milliseconds> bounds{50ms,  100ms, 200ms,
                                                        400ms, 500ms, 500ms};
    std::vector<std::chrono::nanoseconds> longest(bounds.size(), 0ns);
    std::vector<std::chrono::nanoseconds> shortest(bounds.size(), 1h);
    for (std::uint64_t i = 1; i <= 20; ++i) {
      const auto waits = waits_of(i * 2'654'435'761U);
      REQUIRE(waits.size() >= bounds.size());
      for (std::size_t k = 0; k < bounds.size(); ++k) {
        longest[k] = std::max(longest[k], waits[k]);
        shortest[k] = std::min(shortest[k], waits[k]);
      }
    }
    for (std::size_t k = 0; k < bounds.size(); ++k) {
      CAPTURE(k);
      CHECK(longest[k] <= bounds[k]);
      CHECK(longest[k] > bounds[k] * 3 / 4);
      CHECK(shortest[k] < bounds[k] / 4);
    }
  }

  TEST_CASE_FIXTURE(worker_fixture, "presents itself in its hello") {
    here.profile.rank_count = 4;
    here.profile.model = "llama";
    here.profile.peer_url = "10.0.0.1:9";
    settings.hashing = {hash_algorithm::sha256_cbor, 64, 5};
    settings.canary = 0xCAFE;
    start();
    REQUIRE(controller.hellos.size() == 1);
    const auto& hello = controller.hellos[0];
    CHECK(hello.version == protocol_version);
    CHECK(hello.process == incarnation{100, 0x7F4A7C15});
    CHECK(hello.profile.id == worker_id{"vllm-0", 2});
    CHECK(hello.profile.rank_count == 4);
    CHECK(hello.profile.model == "llama");
    CHECK(hello.profile.peer_url == "10.0.0.1:9");
    CHECK(hello.hashing == settings.hashing);
    CHECK(hello.canary == 0xCAFE);
    CHECK(hello.actor == aut);
    CHECK(hello.resume_controller == 0);
    CHECK(hello.resume_epoch == 0);
  }

  TEST_CASE_FIXTURE(worker_fixture, "says in each hello where its link is") {
    network.link = nullptr;  // The controller's name is not known yet, say.
    start();
    CHECK(here.ip().empty());
    open_link();
    advance(50);
    REQUIRE(controller.hellos.size() == 1);
    CHECK(controller.hellos[0].profile.ip == "10.0.0.7");
    network.own_address = "fd00::7";
    cut_link();
    advance(50);
    REQUIRE(controller.hellos.size() == 2);
    CHECK(controller.hellos[1].profile.ip == "fd00::7");
    CHECK(here.ip() == "fd00::7");
  }

  TEST_CASE_FIXTURE(worker_fixture, "warns if only this host can reach it") {
    const log_capture log;
    here.profile.ip = "127.0.0.1";
    network.own_address = "127.0.0.1";
    start();
    CHECK(log.lines_with("unreachable").empty());
    network.own_address = "10.0.0.7";
    for (int i = 0; i < 2; ++i) {
      cut_link();
      advance(50);
    }
    REQUIRE(controller.hellos.size() == 3);
    CHECK(controller.hellos[2].profile.ip == "127.0.0.1");
    CHECK(log
            .lines_with("worker: unreachable for peers on other hosts "
                        "worker=vllm-0/2 ip=127.0.0.1")
            .size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture, "reports to every shard of its welcome") {
    const auto far = std::uint64_t{1} << 63U;  // Belongs to the second of two.
    store.admit(1);
    store.admit(far);
    controller.greeting.shards.push_back({shards[1], 0});
    start();
    REQUIRE(sinks[0].reports.size() == 1);
    REQUIRE(sinks[1].reports.size() == 1);
    CHECK(sinks[0].reports[0].epoch == 7);
    CHECK(sinks[0].reports[0].sequence == 1);
    CHECK(sinks[0].reports[0].begins_sync);
    CHECK(sinks[0].reports[0].keys.keys == keys{1});
    CHECK(sinks[1].reports[0].begins_sync);
    CHECK(sinks[1].reports[0].keys.keys == keys{far});
    CHECK(here.epoch() == 7);
    admit(2);
    REQUIRE(sinks[0].reports.size() == 2);
    CHECK(sinks[0].reports[1].keys.keys == keys{2});
    CHECK(sinks[1].reports.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture,
                    "renews at each heartbeat, with its usage") {
    start();
    advance(999);
    CHECK(controller.renewals.empty());
    advance(1);
    REQUIRE(controller.renewals.size() == 1);
    CHECK(controller.renewals[0].id == worker_id{"vllm-0", 2});
    CHECK(controller.renewals[0].epoch == 7);
    REQUIRE(controller.renewals[0].usage.size() == 1);
    CHECK(controller.renewals[0].usage[0].chunks == 0);
    admit(1);
    advance(9'000);
    REQUIRE(controller.renewals.size() == 10);
    CHECK(controller.renewals[1].usage.at(0).chunks == 1);
    CHECK(controller.renewal_times[9] - controller.renewal_times[8] == 1s);
    CHECK(controller.hellos.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture, "comes back when its link is lost") {
    start();
    cut_link();
    CHECK(network.dials.size() == 1);
    advance(50);
    CHECK(network.dials.size() == 2);
    REQUIRE(controller.hellos.size() == 2);
    CHECK(controller.hellos[1].resume_controller == 9);
    CHECK(controller.hellos[1].resume_epoch == 7);
    advance(10'000);
    CHECK(controller.hellos.size() == 2);
    CHECK(network.dials.size() == 2);
  }

  TEST_CASE_FIXTURE(worker_fixture, "renews once a heartbeat after relinking") {
    start();
    advance(500);
    cut_link();
    advance(50);
    REQUIRE(controller.hellos.size() == 2);
    CHECK(controller.renewals.empty());
    advance(10'000);
    REQUIRE(controller.renewals.size() == 10);
    CHECK(controller.renewal_times[0] - controller.hello_times[1] == 1s);
    CHECK(controller.renewal_times[9] - controller.hello_times[1] == 10s);
  }

  TEST_CASE_FIXTURE(worker_fixture,
                    "says hello once when its link is lost meanwhile") {
    controller.holds_greetings = true;
    start();
    REQUIRE(controller.hellos.size() == 1);
    controller.holds_greetings = false;
    cut_link();
    advance(60'000);
    CHECK(controller.hellos.size() == 2);
    CHECK(network.dials.size() == 2);
    CHECK(here.epoch() == 7);
    CHECK(controller.renewals.size() == 59);
  }

  TEST_CASE_FIXTURE(worker_fixture,
                    "starts its bound over once it is welcome") {
    network.link = nullptr;
    start();
    advance(5'000);
    REQUIRE(network.dials.size() > 8);
    network.link = link;
    advance(500);
    REQUIRE(here.epoch() == 7);
    const auto dials = network.dials.size();
    cut_link();
    advance(50);
    CHECK(network.dials.size() == dials + 1);
    CHECK(here.lookups() == lookups);
  }

  TEST_CASE_FIXTURE(worker_fixture, "goes on with a stream that was revived") {
    admit(1);
    start();
    REQUIRE(sinks[0].reports.size() == 1);
    cut_link();
    admit(2);
    CHECK(sinks[0].reports.size() == 1);
    controller.greeting.is_revived = true;
    controller.greeting.shards = {{shards[1], 1}};
    advance(50);
    CHECK(sinks[0].reports.size() == 1);
    REQUIRE(sinks[1].reports.size() == 1);
    CHECK(sinks[1].reports[0].epoch == 7);
    CHECK(sinks[1].reports[0].sequence == 2);
    CHECK_FALSE(sinks[1].reports[0].begins_sync);
    CHECK(sinks[1].reports[0].keys.keys == keys{2});
    admit(3);
    REQUIRE(sinks[1].reports.size() == 2);
    CHECK(sinks[1].reports[1].sequence == 3);
    CHECK(store.scans == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture,
                    "starts anew with a shard count that grew") {
    admit(1);
    start();
    cut_link();
    controller.greeting.epoch = 8;
    controller.greeting.shards = {{shards[1], 0}, {shards[0], 0}};
    advance(50);
    REQUIRE(sinks[0].reports.size() == 2);
    REQUIRE(sinks[1].reports.size() == 1);
    CHECK(sinks[1].reports[0].epoch == 8);
    CHECK(sinks[1].reports[0].begins_sync);
    CHECK(sinks[1].reports[0].keys.keys == keys{1});
    CHECK(sinks[0].reports[1].begins_sync);
    CHECK(sinks[0].reports[1].keys.keys.empty());
  }

  TEST_CASE_FIXTURE(worker_fixture, "tells the loss of its link") {
    start();
    CHECK(here.lookups() == lookups);
    cut_link();
    CHECK_FALSE(here.lookups());
    CHECK(here.epoch() == 7);
    advance(1'000);
    CHECK(here.lookups() == lookups);
    cut_link();
    CHECK_FALSE(here.lookups());
  }
}
