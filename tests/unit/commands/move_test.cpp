#include "tests/unit/commands/move_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

TEST_SUITE("move_run") {
  TEST_CASE_FIXTURE(move_fixture, "brings chunks, and the source drops them") {
    put(source, {1, 2, 3});
    put(store, {2});
    CHECK(run(move_of({1, 2, 3, 4})) == "");
    CHECK(has_ended);
    CHECK(result.code == 0);
    CHECK_FALSE(result.was_cancelled);
    CHECK(result.tally.planned == 4);
    CHECK(count(outcome::done) == 2);
    CHECK(count(outcome::unchanged) == 1);
    CHECK(count(outcome::absent) == 1);
    CHECK(result.tally.finished() == 4);
    CHECK(result.tally.tokens == 2 * chunk_tokens);
    CHECK(result.tally.bytes_before == 2 * chunk_bytes);
    CHECK(result.tally.bytes_after == 2 * chunk_bytes);
    CHECK(held(store, names_to(4)) == hashes{1, 2, 3});
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].owner == address.id);
    CHECK(script.surrenders[0].epoch == 9);
    CHECK(script.surrenders[0].hashes == key_block{{1, 2, 3}});
    CHECK(script.surrenders[0].controller_id == 9);
    CHECK(script.surrenders[0].not_after == 1h);
    CHECK(clears.orders.empty());
    CHECK(is_idle(1));
  }

  TEST_CASE_FIXTURE(move_fixture, "leaves the source of a copy alone") {
    put(source, {1, 2});
    auto copy = move_of({1, 2});
    copy.is_copy = true;
    CHECK(run(copy) == "");
    CHECK(count(outcome::done) == 2);
    CHECK(script.surrenders.empty());
    CHECK(reporters[0].flushes == 1);
  }

  TEST_CASE_FIXTURE(move_fixture, "tells the whole index before") {
    put(source, {1});
    reporters[1].is_silent = true;
    const auto answer = begin(move_of({1}));
    settle();
    CHECK(reporters[0].flushes == 1);
    CHECK(reporters[1].flushes == 1);
    CHECK(script.surrenders.empty());
    CHECK(answer->is_empty());
    CHECK_FALSE(is_idle(1));  // It must not go while it may be the last one.
    move_fixture::answer(1);
    CHECK(script.surrenders.size() == 1);
    REQUIRE(answer->value);
    CHECK(is_idle(1));
  }

  TEST_CASE_FIXTURE(move_fixture, "does without an index") {
    put(source, {1});
    reports.clear();
    CHECK(run(move_of({1})) == "");
    CHECK(script.surrenders.size() == 1);
  }

  TEST_CASE_FIXTURE(move_fixture, "brings all, part by part") {
    put(source, names_to(130));
    const auto answer = begin(move_all());
    advance(1'500);
    settle();
    REQUIRE(answer->value);
    const auto& tally = answer->value->tally;
    CHECK(tally.planned == 130);
    CHECK(tally.of(outcome::done) == 130);
    CHECK(tally.finished() == 130);
    CHECK(tally.elapsed_us == 1'500'000);
    CHECK(held(store, names_to(130)) == names_to(130));
    REQUIRE(script.leases.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK(script.leases[i].hashes.keys.empty());
      CHECK(script.leases[i].cursor == 64 * i);
      CHECK(script.leases[i].max_chunks == 64);
    }
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].hashes == key_block{names_to(130)});
    REQUIRE(heard.size() == 3);
    CHECK(heard[0].id == here.id());
    CHECK(heard[0].tally.planned == 130);
    CHECK(heard[0].tally.of(outcome::done) == 64);
    CHECK(heard[1].tally.of(outcome::done) == 128);
    CHECK(heard[2].tally.of(outcome::done) == 130);
    CHECK(heard[2].tally.bytes_after == 130 * chunk_bytes);
  }

  TEST_CASE_FIXTURE(move_fixture, "has nothing to bring from nobody's memory") {
    CHECK(run(move_all()) == "");
    CHECK(result.tally.planned == 0);
    CHECK(result.tally.finished() == 0);
    CHECK(script.leases.size() == 1);
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(move_fixture, "brings a long list part by part") {
    put(source, names_to(70));
    CHECK(run(move_of(names_to(70))) == "");
    CHECK(count(outcome::done) == 70);
    REQUIRE(script.leases.size() == 2);
    CHECK(script.leases[0].hashes.keys == names_to(64));
    CHECK(script.leases[1].hashes.keys == hashes{65, 66, 67, 68, 69, 70});
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].hashes.keys.size() == 70);
  }

  TEST_CASE_FIXTURE(move_fixture, "says what the source keeps, and why") {
    put(source, {1, 2, 3, 4});
    script.surrendered = {.dropped = 1, .pinned = 2, .in_use = 1};
    CHECK(run(move_of({1, 2, 3, 4})) == "");
    CHECK(count(outcome::done) == 1);
    CHECK(count(outcome::pinned) == 2);
    CHECK(count(outcome::in_use) == 1);
    CHECK(result.tally.finished() == 4);
  }

  TEST_CASE_FIXTURE(move_fixture, "leaves at the source what has no room") {
    put(source, {1, 2, 3});
    const auto others = names_to(298);
    put(store, {others.begin() + 100, others.end()});
    const auto in_use =
      store.acquire(hashes{others.begin() + 100, others.end()});
    CHECK(run(move_of({1, 2, 3})) == "");
    CHECK(count(outcome::done) == 2);
    CHECK(count(outcome::no_room) == 1);
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].hashes == key_block{{1, 2}});
  }

  TEST_CASE_FIXTURE(move_fixture, "gives each part ten seconds at most") {
    put(source, {1});
    peers.is_silent = true;
    const auto answer = begin(move_of({1}));
    advance(9'999);
    CHECK(peers.dials.size() == 1);
    advance(1);
    CHECK(peers.dials.size() == 2);
    CHECK(answer->is_empty());
    advance(10'000);
    CHECK(answer->error == errc::timed_out);
    CHECK(script.surrenders.empty());
  }
}
