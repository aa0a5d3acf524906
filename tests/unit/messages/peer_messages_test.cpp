#include "messages/lookup.hpp"
#include "messages/peer.hpp"
#include "messages/worker.hpp"
#include "tests/unit/messages/round_trip.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

const peer_address there{
  {"a", 3}, 5, "10.0.0.1", 8'001, std::string("\x01\0ucx", 5)};

peer_actor::behavior_type some_peer() {
  return {[](const lease_chunks&) { return chunk_lease{}; },
          [](const renew_chunk_lease&) { return lease_term{}; },
          [](const end_chunk_lease&) {},
          [](const surrender_chunks&) { return surrender_report{}; }};
}

}  // namespace

TEST_SUITE("peer messages") {
  TEST_CASE_FIXTURE(message_system, "carry addresses and holders") {
    CHECK(send(there) == there);
    const auto question = send(locate_chunks{{{1, 2}}, "llama", {"b", 1}});
    CHECK(question.hashes == key_block{{1, 2}});
    CHECK(question.model == "llama");
    CHECK(question.asker == worker_id{"b", 1});
    const auto holders = send(std::vector<chunk_holder>{{there, 7}, {{}, 1}});
    REQUIRE(holders.size() == 2);
    CHECK(holders[0].peer == there);
    CHECK(holders[0].chunks == 7);
    CHECK(send(chunk_holder{there, 7}).chunks == 7);
  }

  TEST_CASE_FIXTURE(message_system, "carry leases") {
    const auto order =
      send(lease_chunks{{"a", 3}, 5, {{1, 2}}, 6, 7, 8s, location::disk});
    CHECK(order.owner == worker_id{"a", 3});
    CHECK(order.epoch == 5);
    CHECK(order.hashes == key_block{{1, 2}});
    CHECK(order.cursor == 6);
    CHECK(order.max_chunks == 7);
    CHECK(order.valid_for == 8s);
    CHECK(order.where == location::disk);
    const leased_chunk chunk{1, 2, 3, 4, ~0ULL, 6, 7};
    CHECK(send(chunk) == chunk);
    const auto lease =
      send(chunk_lease{9, 8s, "bfloat16", {2, 4}, {chunk, {}}, 11, 12, {{13}}});
    CHECK(lease.lease_id == 9);
    CHECK(lease.valid_for == 8s);
    CHECK(lease.dtype == "bfloat16");
    CHECK(lease.shape == std::vector<std::uint32_t>{2, 4});
    CHECK(lease.chunks == std::vector<leased_chunk>{chunk, {}});
    CHECK(lease.next_cursor == 11);
    CHECK(lease.total_chunks == 12);
    CHECK(lease.withheld == key_block{{13}});
    const auto renewal = send(renew_chunk_lease{{"a", 3}, 9, 8s});
    CHECK(renewal.owner == worker_id{"a", 3});
    CHECK(renewal.lease_id == 9);
    CHECK(renewal.valid_for == 8s);
    CHECK(send(lease_term{8s}).valid_for == 8s);
    const auto end = send(end_chunk_lease{{"a", 3}, 9});
    CHECK(end.owner == worker_id{"a", 3});
    CHECK(end.lease_id == 9);
  }

  TEST_CASE_FIXTURE(message_system, "carry what is surrendered") {
    const auto order =
      send(surrender_chunks{{"a", 3}, 5, {{1, 2}}, location::disk, 6, 7us});
    CHECK(order.owner == worker_id{"a", 3});
    CHECK(order.epoch == 5);
    CHECK(order.hashes == key_block{{1, 2}});
    CHECK(order.where == location::disk);
    CHECK(order.controller_id == 6);
    CHECK(order.not_after == 7us);
    const surrender_report report{1, 2, 3, 4};
    CHECK(send(report) == report);
  }

  TEST_CASE_FIXTURE(message_system, "introduce peers") {
    const auto dial = send(dial_peer{"10.0.0.1", 8'001});
    CHECK(dial.host == "10.0.0.1");
    CHECK(dial.port == 8'001);
    const auto peer = system.spawn(some_peer);
    const auto hello = send(introduce_peer{3, peer});
    CHECK(hello.version == 3);
    CHECK(hello.actor == peer);
  }

  TEST_CASE_FIXTURE(message_system, "carry moves") {
    run_command order{.event_id = "Move1",
                      .what = {.verb = operation::move,
                               .where = location::disk,
                               .to = location::disk,
                               .is_copy = true},
                      .source = there};
    const auto sent = send(order);
    CHECK(sent.what.verb == operation::move);
    CHECK(sent.what.to == location::disk);
    CHECK(sent.what.is_copy);
    CHECK(sent.source == there);
  }
}
