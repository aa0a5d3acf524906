#include "messages/errors.hpp"
#include "messages/registry.hpp"
#include "tests/unit/messages/round_trip.hpp"

#include <doctest/doctest.h>
#include <caf/typed_event_based_actor.hpp>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

report_sink_actor::behavior_type some_sink() {
  return {[](const chunk_report&) { return report_ack{}; }};
}

lookup_actor::behavior_type some_lookups() {
  return {[](const find_prefixes&) { return std::vector<prefix_match>{}; },
          [](const locate_chunks&) { return std::vector<chunk_holder>{}; }};
}

const worker_profile profile{{"a", 3},
                             4,
                             "llama",
                             "10.0.0.1",
                             8001,
                             "host:9",
                             std::string("\x01\0ucx", 5)};

void check_profile(const worker_profile& x) {
  CHECK(x.id == profile.id);
  CHECK(x.rank_count == 4);
  CHECK(x.model == "llama");
  CHECK(x.ip == "10.0.0.1");
  CHECK(x.port == 8001);
  CHECK(x.peer_url == "host:9");
  CHECK(x.transfer_address == profile.transfer_address);
}

void check_usage(const std::vector<location_usage>& usage) {
  REQUIRE(usage.size() == 1);
  CHECK(usage[0].where == location::disk);
  CHECK(usage[0].chunks == 1);
  CHECK(usage[0].used_bytes == 2);
  CHECK(usage[0].capacity_bytes == 1ULL << 40U);
}

const std::vector<location_usage> usage{{location::disk, 1, 2, 1ULL << 40U}};

}  // namespace

TEST_SUITE("registry messages on the wire") {
  TEST_CASE_FIXTURE(message_system, "carry names and settings") {
    CHECK(send(worker_id{"a", 3}) == worker_id{"a", 3});
    CHECK(send(incarnation{1, 2}) == incarnation{1, 2});
    const hash_settings settings{hash_algorithm::sha256_cbor, 128, ~0ULL};
    CHECK(send(settings) == settings);
    check_profile(send(profile));
    check_usage({send(usage[0])});
  }

  TEST_CASE_FIXTURE(message_system, "carry a hello") {
    register_worker hello;
    hello.version = 9;
    hello.process = {11, 12};
    hello.profile = profile;
    hello.hashing = {hash_algorithm::sha256_cbor, 128, 13};
    hello.canary = 14;
    hello.actor = worker;
    hello.usage = usage;
    hello.resume_controller = 15;
    hello.resume_epoch = 16;
    const auto received = send(hello);
    CHECK(received.version == 9);
    CHECK(received.process == hello.process);
    check_profile(received.profile);
    CHECK(received.hashing == hello.hashing);
    CHECK(received.canary == 14);
    CHECK(received.actor == hello.actor);
    check_usage(received.usage);
    CHECK(received.resume_controller == 15);
    CHECK(received.resume_epoch == 16);
    CHECK_FALSE(send(register_worker{}).actor);
  }

  TEST_CASE_FIXTURE(message_system, "carry a welcome") {
    const report_sink_actor sink = system.spawn(some_sink);
    welcome granted;
    granted.controller_id = 1;
    granted.epoch = 2;
    granted.is_revived = true;
    granted.lease = 5s;
    granted.key_multiplier = 3;
    granted.max_reports = 4;
    granted.max_report_keys = 5;
    granted.shards = {{sink, 6}, {{}, 7}};
    granted.lookups = system.spawn(some_lookups);
    granted.clock = 9us;
    const auto received = send(granted);
    CHECK(received.controller_id == 1);
    CHECK(received.epoch == 2);
    CHECK(received.is_revived);
    CHECK(received.lease == 5s);
    CHECK(received.key_multiplier == 3);
    CHECK(received.max_reports == 4);
    CHECK(received.max_report_keys == 5);
    REQUIRE(received.shards.size() == 2);
    CHECK(received.shards[0].sink == sink);
    CHECK(received.shards[0].applied_sequence == 6);
    CHECK(received.shards[1].applied_sequence == 7);
    CHECK(received.lookups == granted.lookups);
    CHECK(received.clock == 9us);
    CHECK(send(shard_link{sink, 8}).applied_sequence == 8);
  }

  TEST_CASE_FIXTURE(message_system, "carry leases") {
    const auto renewal = send(renew_lease{{"a", 3}, 7, usage});
    CHECK(renewal.id == worker_id{"a", 3});
    CHECK(renewal.epoch == 7);
    check_usage(renewal.usage);
    const auto granted = send(lease{7, 1234ms, 5us});
    CHECK(granted.epoch == 7);
    CHECK(granted.valid_for == 1234ms);
    CHECK(granted.clock == 5us);
    const auto goodbye = send(deregister_worker{{"a", 3}, 7});
    CHECK(goodbye.id == worker_id{"a", 3});
    CHECK(goodbye.epoch == 7);
  }

  TEST_CASE_FIXTURE(message_system, "carry the list of workers") {
    CHECK(send(list_workers{true}).includes_lost);
    worker_record record;
    record.profile = profile;
    record.actor = worker;
    record.epoch = 7;
    record.is_lost = true;
    record.worker_slot = 8;
    record.registered_at_ms = -9;
    record.renewed_at_ms = 10;
    record.usage = usage;
    const auto received =
      send(std::vector<worker_record>{send(record), worker_record{}});
    REQUIRE(received.size() == 2);
    check_profile(received[0].profile);
    CHECK(received[0].actor == record.actor);
    CHECK(received[0].epoch == 7);
    CHECK(received[0].is_lost);
    CHECK(received[0].worker_slot == 8);
    CHECK(received[0].registered_at_ms == -9);
    CHECK(received[0].renewed_at_ms == 10);
    check_usage(received[0].usage);
  }

  TEST_CASE_FIXTURE(message_system, "carry the list of refusals") {
    send(list_refusals{});
    const refusal one{{"a", 3}, "10.0.0.1", errc::superseded, "why", 5, 6};
    const auto received = send(std::vector<refusal>{send(one)});
    REQUIRE(received.size() == 1);
    CHECK(received[0].id == one.id);
    CHECK(received[0].ip == "10.0.0.1");
    CHECK(received[0].reason == errc::superseded);
    CHECK(received[0].detail == "why");
    CHECK(received[0].last_at_ms == 5);
    CHECK(received[0].count == 6);
  }
}
