#include "tests/unit/worker/worker_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

TEST_SUITE("worker: leave") {
  TEST_CASE_FIXTURE(worker_fixture, "deregisters, then ends") {
    start();
    send(leave{});
    REQUIRE(controller.departures.size() == 1);
    CHECK(controller.departures[0].id == worker_id{"vllm-0", 2});
    CHECK(controller.departures[0].epoch == 7);
    CHECK(end == caf::error{caf::exit_reason::user_shutdown});
    admit(1);
    CHECK(hub.shards().shard_count == 0);
    CHECK(sinks[0].reports.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture, "ends in time when nobody answers") {
    start();
    controller.is_silent = true;
    send(leave{});
    advance(499);
    CHECK(controller.departures.size() == 1);
    CHECK_FALSE(end);
    advance(1);
    CHECK(end == caf::error{caf::exit_reason::user_shutdown});
  }

  TEST_CASE_FIXTURE(worker_fixture, "ends at once when it is not registered") {
    controller.refusal = caf::make_error(errc::not_ready);
    start();
    send(leave{});
    CHECK(end == caf::error{caf::exit_reason::user_shutdown});
    CHECK(controller.departures.empty());
  }

  TEST_CASE_FIXTURE(worker_fixture, "ends while it dials") {
    network.holds_answers = true;
    start();
    send(leave{});
    CHECK(end == caf::error{caf::exit_reason::user_shutdown});
    release_dials();
    advance(60'000);
    CHECK(network.dials.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture, "does not come back for a link it loses") {
    start();
    controller.is_silent = true;
    send(leave{});
    controller.is_silent = false;
    cut_link();
    CHECK(end == caf::error{caf::exit_reason::user_shutdown});
    advance(60'000);
    CHECK(network.dials.size() == 1);
    CHECK(controller.hellos.size() == 1);
  }

  TEST_CASE_FIXTURE(worker_fixture, "neither renews nor asks as it leaves") {
    start();
    controller.is_silent = true;
    advance(900);
    send(leave{});
    send(epoch_ended{7});
    advance(499);
    CHECK_FALSE(end);
    CHECK(controller.renewals.empty());
    CHECK(controller.hellos.size() == 1);
  }
}
