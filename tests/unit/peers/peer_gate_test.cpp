#include "actors/peers/peer_gate.hpp"

#include "tests/support/peer_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

struct gate_fixture : peer_fixture {
  peer_script second{.source = &source};
  peer_actor gate = system.spawn(
    peer_gate, std::map<worker_id, peer_actor>{
                 {{"b", 0}, peer}, {{"b", 1}, spawn_peer(system, &second)}});

  template <class Reply, class Request>
  std::string trouble(const Request& request) {
    const auto answer = system.ask<Reply>(gate, request);
    return answer ? "" : describe(answer.error());
  }
};

}  // namespace

TEST_SUITE("peer_gate") {
  TEST_CASE_FIXTURE(gate_fixture, "asks the lender that is meant") {
    put(source, {1});
    second.surrendered.pinned = 7;
    const auto lease = system.ask<chunk_lease>(
      gate, lease_chunks{.owner = {"b", 1}, .epoch = 4, .hashes = {{1}}});
    REQUIRE(lease);
    CHECK(lease->chunks == lease_of({1}).chunks);
    REQUIRE(second.leases.size() == 1);
    CHECK(second.leases[0].epoch == 4);
    const auto term =
      system.ask<lease_term>(gate, renew_chunk_lease{{"b", 1}, 5, 2s});
    REQUIRE(term);
    CHECK(term->valid_for == 2s);
    caf::anon_send(gate, end_chunk_lease{{"b", 1}, 5});
    system.run();
    REQUIRE(second.ends.size() == 1);
    CHECK(second.ends[0].lease_id == 5);
    const auto report =
      system.ask<surrender_report>(gate, surrender_chunks{{"b", 1}, 4, {{1}}});
    REQUIRE(report);
    CHECK(report->pinned == 7);
    CHECK(script.leases.empty());
    CHECK(script.renewals.empty());
    CHECK(script.ends.empty());
    CHECK(script.surrenders.empty());
    second.refusal = caf::make_error(errc::stale_epoch, "b/1");
    CHECK(trouble<chunk_lease>(lease_chunks{.owner = {"b", 1}}) ==
          "stale_epoch: b/1");
  }

  TEST_CASE_FIXTURE(gate_fixture, "knows no other workers") {
    constexpr auto text = "unknown_worker: b/2";
    CHECK(trouble<chunk_lease>(lease_chunks{.owner = {"b", 2}}) == text);
    CHECK(trouble<lease_term>(renew_chunk_lease{{"b", 2}, 5, 2s}) == text);
    CHECK(trouble<surrender_report>(surrender_chunks{{"b", 2}, 4, {{1}}}) ==
          text);
    caf::anon_send(gate, end_chunk_lease{{"b", 2}, 5});
    system.run();
    CHECK(script.ends.empty());
    CHECK(second.ends.empty());
    CHECK(trouble<lease_term>(renew_chunk_lease{{"b", 0}, 5, 2s}) == "");
  }
}
