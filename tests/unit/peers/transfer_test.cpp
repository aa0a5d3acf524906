#include "tests/unit/peers/transfer_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

TEST_SUITE("transfer") {
  TEST_CASE_FIXTURE(transfer_fixture, "brings what the peer has") {
    put(source, {1, 2, 3});
    put(store, {2});
    const auto answer = fetch({1, 2, 4});
    CHECK(peers.dials == std::vector<std::string>{"there:7"});
    REQUIRE(script.leases.size() == 1);
    CHECK(script.leases[0].owner == address.id);
    CHECK(script.leases[0].epoch == 9);
    CHECK(script.leases[0].hashes == key_block{{1, 2, 4}});
    CHECK(script.leases[0].valid_for == 10s);
    CHECK(script.ends.empty());
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->chunks ==
          std::vector<fetched_chunk>{
            {1, outcome::done, chunk_tokens, chunk_bytes},
            {2, outcome::unchanged, chunk_tokens, chunk_bytes},
            {4, outcome::absent, 0, 0}});
    CHECK(answer->value->copied_bytes == chunk_bytes);
    CHECK(answer->value->total_chunks == 3);
    CHECK(answer->value->next_cursor == 0);
    CHECK(answer->value->trouble.empty());
    CHECK(held(store, {1, 2}) == hashes{1, 2});
    CHECK(ended() == 1);
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "goes through all a page at a time") {
    put(source, {1, 2, 3});
    fetch_chunks order;
    order.cursor = 1;
    order.max_chunks = 1;
    const auto answer = fetch(order);
    REQUIRE(script.leases.size() == 1);
    CHECK(script.leases[0].hashes.keys.empty());
    CHECK(script.leases[0].cursor == 1);
    CHECK(script.leases[0].max_chunks == 1);
    settle();
    REQUIRE(answer->value);
    REQUIRE(answer->value->chunks.size() == 1);
    CHECK(answer->value->chunks[0].hash == 2);
    CHECK(answer->value->next_cursor == 2);
    CHECK(answer->value->total_chunks == 3);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "reads nothing that is here already") {
    put(source, {1});
    put(store, {1});
    const auto answer = fetch({1});
    work();
    CHECK(network.pending() == 0);
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) == outcomes{outcome::unchanged});
    CHECK(ended() == 1);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "has no lease to end without chunks") {
    const auto answer = fetch({1});
    settle();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) == outcomes{outcome::absent});
    CHECK(answer->value->trouble.empty());
    CHECK(script.ends.empty());
    CHECK(script.renewals.empty());
  }

  TEST_CASE_FIXTURE(transfer_fixture, "keeps what came until it is let go") {
    put(source, {1});
    auto answer = fetch({1});
    settle();
    REQUIRE(answer->value);
    CHECK(store.clear(hashes{1})[0].outcome == outcome::in_use);
    answer->value->holds.reset();
    CHECK(store.clear(hashes{1})[0].outcome == outcome::done);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "reads once more what came damaged") {
    put(source, {1, 2});
    network.corrupt_next(1);
    const auto answer = fetch({1, 2});
    settle();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::done, outcome::done});
    CHECK(answer->value->trouble.empty());
    CHECK(answer->value->copied_bytes == 2 * chunk_bytes);
    CHECK(held(store, {1, 2}) == hashes{1, 2});
    CHECK(script.leases.size() == 1);
    CHECK(ended() == 1);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "never admits what comes damaged twice") {
    put(source, {1, 2});
    work();
    const auto answer = fetch({1, 2});
    work();
    network.corrupt_next(1);
    network.run_all();
    system.run();
    CHECK(network.pending() == 1);  // Of the chunk that was damaged only.
    network.corrupt_next(1);
    settle();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::failed, outcome::done});
    CHECK(answer->value->trouble == "damaged on the way");
    CHECK(answer->value->copied_bytes == chunk_bytes);
    CHECK(held(store, {1, 2}) == hashes{2});
    CHECK(store.usage().used_bytes == chunk_bytes);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "tries a busy transport once more") {
    put(source, {1});
    network.fail_next(1, read_status::too_busy);
    const auto once = fetch({1});
    settle();
    REQUIRE(once->value);
    CHECK(outcomes_of(*once->value) == outcomes{outcome::done});
    CHECK(once->value->trouble.empty());
    put(source, {2});
    network.fail_next(2, read_status::too_busy);
    const auto twice = fetch({2});
    settle();
    REQUIRE(twice->value);
    CHECK(outcomes_of(*twice->value) == outcomes{outcome::failed});
    CHECK(twice->value->trouble == "too_busy");
  }

  TEST_CASE_FIXTURE(transfer_fixture, "keeps what came before the peer fell") {
    put(source, {1, 2});
    const auto answer = fetch({1, 2});
    work();
    REQUIRE(network.run_one());
    network.lose(theirs->address());
    settle();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::done, outcome::failed});
    CHECK(answer->value->trouble == "unreachable");
    CHECK(held(store, {1, 2}) == hashes{1});
    CHECK(free_bytes() == 3 * chunk_bytes);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "passes on what the dialer says") {
    peers.links.clear();
    const auto answer = fetch({1});
    CHECK(describe(answer->error) == "unreachable: there");
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "passes on what the peer says") {
    script.refusal = caf::make_error(errc::stale_epoch, "b/0");
    const auto answer = fetch({1});
    CHECK(describe(answer->error) == "stale_epoch: b/0");
    CHECK(script.ends.empty());
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "renews its lease while it reads") {
    put(source, {1});
    network.hold(theirs->address());
    const auto answer = fetch({1}, 20s);
    work();
    advance(2'999);
    CHECK(script.renewals.empty());
    advance(1);
    REQUIRE(script.renewals.size() == 1);
    CHECK(script.renewals[0].owner == address.id);
    CHECK(script.renewals[0].lease_id == 5);
    CHECK(script.renewals[0].valid_for == 9s);
    advance(3'000);
    CHECK(script.renewals.size() == 2);
    network.release(theirs->address());
    settle();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) == outcomes{outcome::done});
    advance(20'000);
    CHECK(script.renewals.size() == 2);
    CHECK(ended() == 1);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "renews no more often than makes sense") {
    put(source, {1});
    network.hold(theirs->address());
    script.change = [](chunk_lease& x) { x.valid_for = 0ms; };
    script.renewed_for = -5ms;
    const auto answer = fetch({1}, 20s);
    work();
    advance(165);
    CHECK(script.renewals.empty());
    advance(1);
    REQUIRE(script.renewals.size() == 1);
    CHECK(script.renewals[0].valid_for == 500ms);
    advance(834);
    CHECK(script.renewals.size() == 6);
    CHECK(answer->is_empty());
    advance(20'000);
    settle();
    CHECK(ended() == 1);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "renews a lease that is said to last") {
    put(source, {1});
    network.hold(theirs->address());
    script.change = [](chunk_lease& x) {
      x.valid_for = std::chrono::milliseconds::max();
    };
    script.renewed_for = std::chrono::hours{24 * 365};
    const auto answer = fetch({1}, 20s);
    work();
    advance(3'332);
    CHECK(script.renewals.empty());
    advance(1);
    REQUIRE(script.renewals.size() == 1);
    CHECK(script.renewals[0].valid_for == 10s);
    advance(3'333);
    CHECK(script.renewals.size() == 2);
    CHECK(answer->is_empty());
    advance(20'000);
    settle();
    CHECK(ended() == 1);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "takes no more than it asked for") {
    put(source, {1, 2});
    script.change = [this](chunk_lease& x) { x = lease_of({1, 2}); };
    for (const auto& order :
         {fetch_chunks{.hashes = {1}}, fetch_chunks{.max_chunks = 1}}) {
      const auto answer = fetch(order);
      settle();
      CHECK(describe(answer->error) ==
            "invalid_request: more chunks leased than asked for");
      CHECK(has_ended);
    }
    CHECK(ended() == 2);
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "says why a lease is no good") {
    put(source, {1, 2});
    script.change = [](chunk_lease& x) { --x.chunks[0].bytes; };
    const auto answer = fetch({1, 2});
    settle();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::failed, outcome::done});
    CHECK(answer->value->trouble == "the lease contradicts itself");
    CHECK(held(store, {1, 2}) == hashes{2});
    CHECK(ended() == 1);
  }
}
