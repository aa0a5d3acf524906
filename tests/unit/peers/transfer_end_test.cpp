#include "tests/unit/peers/transfer_fixture.hpp"

#include <caf/event_based_actor.hpp>

#include <new>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

caf::behavior idle() {
  return {[](const caf::unit_t&) {}};
}

/// Throws where memory may be lacking.
struct throwing_listener final : membership_listener {
  bool is_broken = false;

  void chunks_admitted(location, std::span<const std::uint64_t>) override {
    if (is_broken)
      throw std::bad_alloc{};
  }

  void chunks_evicted(location, std::span<const std::uint64_t>) override {
    if (is_broken)
      throw std::bad_alloc{};
  }
};

/// Brings chunks to a store with room for two.
struct throwing_fixture : transfer_fixture {
  throwing_listener listener;
  std::unique_ptr<transport> own = network.make_transport(2 * chunk_bytes);
  cpu_store full = store_over(*own, &listener, now);
  rank other;

  throwing_fixture() { set_up(other, *own, full); }

  ~throwing_fixture() {
    own->stop();
    jobs.clear();
    other.forget_actors();
  }

  std::shared_ptr<answer_box<fetch_report>> fetch_to_full(const hashes& names) {
    return fetch_to(other, fetch_chunks{.source = address, .hashes = names});
  }
};

}  // namespace

TEST_SUITE("end of a transfer") {
  TEST_CASE_FIXTURE(transfer_fixture, "comes at once without the location") {
    put(source, {1});
    const auto answer =
      fetch(fetch_chunks{.to = location::disk, .hashes = hashes{1}});
    system.run();
    CHECK(has_ended);
    CHECK(describe(answer->error) == "unknown_location: LocalDiskBackend");
    CHECK(script.leases.empty());
  }

  TEST_CASE_FIXTURE(transfer_fixture, "comes in time if nobody picks up") {
    peers.is_silent = true;
    const auto answer = fetch({1});
    advance(1'999);
    CHECK(answer->is_empty());
    advance(1);
    CHECK(answer->error == errc::timed_out);
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "comes in time without a lease") {
    script.is_silent = true;
    const auto answer = fetch({1});
    advance(1'999);
    CHECK(answer->is_empty());
    advance(1);
    CHECK(answer->error == errc::timed_out);
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "waits for who makes room") {
    put(source, {1});
    const auto answer = fetch({1});
    advance(2'000);
    CHECK(answer->is_empty());
    work();
    CHECK(network.pending() == 0);
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) == outcomes{outcome::failed});
    CHECK(answer->value->trouble == "no answer in time");
    CHECK(ended() == 1);
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "comes in time from a silent transport") {
    put(source, {1, 2});
    const auto answer = fetch({1, 2});
    work();
    REQUIRE(network.run_one());
    network.hold(theirs->address());
    advance(2'000);
    work();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::done, outcome::failed});
    CHECK(answer->value->trouble == "no answer in time");
    CHECK(ended() == 1);
    CHECK(has_ended);
    CHECK(held(store, {1, 2}) == hashes{1});
    // The second chunk may be written to still.
    CHECK(network.pending() == 1);
    CHECK(free_bytes() == 2 * chunk_bytes);
    network.release(theirs->address());
    network.run_all();
    CHECK(network.pending() == 0);
    CHECK(free_bytes() == 3 * chunk_bytes);
    CHECK(held(store, {1, 2}) == hashes{1});
  }

  TEST_CASE_FIXTURE(transfer_fixture, "does not read into what may come late") {
    put(source, {1, 2});
    const auto answer = fetch({1, 2}, 5s);
    work();
    network.corrupt_next(1);
    REQUIRE(network.run_one());
    network.pass_soft_deadlines();
    system.run();
    CHECK(network.pending() == 1);  // The first read drains, nothing else runs.
    settle();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::failed, outcome::failed});
    CHECK(answer->value->trouble == "timed_out");
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "comes at once when it is cancelled") {
    put(source, {1, 2});
    const auto answer = fetch({1, 2});
    work();
    REQUIRE(network.run_one());
    caf::anon_send(aut, cancel_fetch{});
    system.run();
    work();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::done, outcome::failed});
    CHECK(answer->value->trouble == "cancelled");
    CHECK(ended() == 1);
    settle();
    CHECK(ended() == 1);
    CHECK(free_bytes() == 3 * chunk_bytes);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "is an error without a lease") {
    peers.is_silent = true;
    const auto dialing = fetch({1});
    caf::anon_send(aut, cancel_fetch{});
    system.run();
    CHECK(describe(dialing->error) == "connection_lost: cancelled");
    peers.is_silent = false;
    script.is_silent = true;
    const auto leasing = fetch({1});
    caf::anon_send(aut, cancel_fetch{});
    system.run();
    CHECK(describe(leasing->error) == "connection_lost: cancelled");
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "comes with the peer's before a lease") {
    script.is_silent = true;
    const auto answer = fetch({1});
    system.kill(peer);
    CHECK(describe(answer->error) == "connection_lost: the peer is gone");
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(transfer_fixture,
                    "comes with the end of a peer read from") {
    put(source, {1, 2});
    const auto answer = fetch({1, 2});
    work();
    REQUIRE(network.run_one());
    system.kill(peer);
    work();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::done, outcome::failed});
    CHECK(answer->value->trouble == "the peer is gone");
    CHECK(network.pending() == 1);
    settle();
    CHECK(free_bytes() == 3 * chunk_bytes);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "keeps all that came with a peer's end") {
    put(source, {1});
    const auto answer = fetch({1});
    work();
    network.run_all();
    system.kill(peer);
    work();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) == outcomes{outcome::done});
    CHECK(held(store, {1}) == hashes{1});
  }

  TEST_CASE_FIXTURE(transfer_fixture,
                    "is the end of its lease with its owner") {
    put(source, {1, 2});
    const auto owner = system.spawn(idle);
    const auto answer =
      fetch({1, 2}, 2s, caf::actor_cast<caf::strong_actor_ptr>(owner));
    work();
    REQUIRE(network.run_one());
    system.kill(owner);
    CHECK(has_ended);
    CHECK(ended() == 1);
    CHECK(network.pending() == 1);
    CHECK(free_bytes() == 2 * chunk_bytes);
    settle();
    CHECK(network.pending() == 0);
    CHECK(store.usage().used_bytes == 0);
    CHECK(ended() == 1);
  }

  TEST_CASE_FIXTURE(transfer_fixture, "is none of another's business") {
    put(source, {1});
    const auto owner = system.spawn(idle);
    const auto answer =
      fetch({1}, 2s, caf::actor_cast<caf::strong_actor_ptr>(owner));
    settle();
    REQUIRE(answer->value);
    system.kill(owner);
    CHECK(ended() == 1);
    CHECK(held(store, {1}) == hashes{1});
  }

  TEST_CASE_FIXTURE(throwing_fixture, "comes with what making room throws") {
    put(source, {1, 2});
    put(full, {8, 9});
    const auto answer = fetch_to_full({1});
    listener.is_broken = true;  // Room is made by evicting.
    settle();
    CHECK(describe(answer->error) == "io_failed: std::bad_alloc");
    CHECK(has_ended);
    CHECK(ended() == 1);
  }

  TEST_CASE_FIXTURE(throwing_fixture, "comes with what admitting throws") {
    put(source, {1, 2});
    const auto answer = fetch_to_full({1, 2});
    work();
    listener.is_broken = true;
    settle();
    REQUIRE(answer->value);
    CHECK(outcomes_of(*answer->value) ==
          outcomes{outcome::failed, outcome::failed});
    CHECK(answer->value->trouble == "io_failed: std::bad_alloc");
    CHECK(answer->value->is_own_failure);
    CHECK(!answer->value->is_peer_failing);
    CHECK(has_ended);
    CHECK(ended() == 1);
  }
}
