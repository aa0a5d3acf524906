#include "actors/commands/command_work.hpp"

#include "messages/errors.hpp"
#include "tests/support/fake_chunk_store.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

using time_point = std::chrono::steady_clock::time_point;
using outcome = chunk_outcome;

struct work_fixture {
  fake_chunk_store store;

  caf::error refusal(command what) {
    auto work = command_work::plan(std::move(what), store, time_point{});
    return work ? caf::error{} : work.error();
  }

  command_tally run(command what, time_point now = {}) {
    auto work = command_work::plan(std::move(what), store, now);
    REQUIRE(work);
    while (!work->is_done())
      work->step();
    return work->tally();
  }
};

command prompt(operation verb, std::vector<std::uint64_t> hashes) {
  return {.verb = verb, .hashes = {std::move(hashes)}};
}

command all(operation verb, std::string method = {}) {
  return {.verb = verb, .is_for_all = true, .method = std::move(method)};
}

}  // namespace

TEST_SUITE("command_work") {
  TEST_CASE_FIXTURE(work_fixture, "clears what is on its way to a location") {
    store.fill(1, 300);
    store.coming = {301, 302};
    const auto tally = run(all(operation::clear));
    CHECK(tally.planned == 302);
    CHECK(tally.of(outcome::done) == 302);
    CHECK(store.coming.empty());
    CHECK(store.chunks.empty());
  }

  TEST_CASE_FIXTURE(work_fixture, "has all of a location arrive to recode it") {
    store.fill(1, 2);
    store.coming = {3, 4};
    const auto tally = run(all(operation::compress, "lz4"));
    CHECK(tally.planned == 4);
    CHECK(tally.of(outcome::done) == 4);
    CHECK(store.coming.empty());
  }

  TEST_CASE_FIXTURE(work_fixture, "does not wait for what cannot arrive") {
    store.fill(1, 1);
    store.coming = {2};
    store.is_stuck = true;
    CHECK(run(all(operation::compress, "lz4")).of(outcome::done) == 1);
  }

  TEST_CASE_FIXTURE(work_fixture, "has what it pins arrive, and no more") {
    store.coming = {1, 9, 2, 3};
    const auto tally = run(prompt(operation::pin, {1, 2}));
    CHECK(tally.planned == 2);
    CHECK(tally.of(outcome::done) == 2);
    CHECK(store.chunks[2].is_pinned);
    CHECK(store.coming == std::vector<std::uint64_t>{3});
  }

  TEST_CASE_FIXTURE(work_fixture, "clears a prompt and says what it skipped") {
    store.fill(1, 4);
    store.chunks[2].is_pinned = true;
    store.chunks[3].is_in_use = true;
    const auto tally = run(prompt(operation::clear, {1, 2, 3, 9, 4}));
    CHECK(tally.planned == 5);
    CHECK(tally.finished() == 5);
    CHECK(tally.of(outcome::done) == 2);
    CHECK(tally.of(outcome::pinned) == 1);
    CHECK(tally.of(outcome::in_use) == 1);
    CHECK(tally.of(outcome::absent) == 1);
    CHECK(tally.tokens == 512);
    CHECK(tally.bytes_before == 2'000);
    CHECK(tally.bytes_after == 0);
    CHECK(store.chunks.size() == 2);
  }

  TEST_CASE_FIXTURE(work_fixture, "clears a location in steps of 256 chunks") {
    store.fill(1, 700);
    const auto tally = run(all(operation::clear));
    CHECK(tally.planned == 700);
    CHECK(tally.of(outcome::done) == 700);
    CHECK(store.chunks.empty());
    CHECK(store.steps == std::vector<std::size_t>{256, 256, 188});
  }

  TEST_CASE_FIXTURE(work_fixture, "finds nothing to do in an empty location") {
    CHECK(run(all(operation::clear)) == command_tally{});
    CHECK(run(prompt(operation::clear, {})) == command_tally{});
    CHECK(store.steps.empty());
  }

  TEST_CASE_FIXTURE(work_fixture, "pins up to the first absent chunk") {
    store.fill(1, 600);
    store.chunks.erase(300);
    std::vector<std::uint64_t> hashes;
    for (std::uint64_t hash = 1; hash <= 600; ++hash)
      hashes.push_back(hash);
    auto pin = prompt(operation::pin, hashes);
    pin.pin_ttl = 5s;
    const auto tally = run(pin, time_point{1min});
    CHECK(tally.of(outcome::absent) == 301 - (512 - 300));
    CHECK(store.chunks[1].until == time_point{1min + 5s});
    CHECK_FALSE(store.chunks[513].is_pinned);
    CHECK_FALSE(store.chunks[600].is_pinned);
    CHECK(tally.finished() == 600);
  }

  TEST_CASE_FIXTURE(work_fixture, "pins without an end unless told") {
    store.fill(1, 1);
    CHECK(run(prompt(operation::pin, {1})).tokens == 256);
    CHECK(store.chunks[1].is_pinned);
    CHECK_FALSE(store.chunks[1].until);
    CHECK(run(prompt(operation::unpin, {1})).of(outcome::done) == 1);
    CHECK(run(prompt(operation::unpin, {1})).of(outcome::unchanged) == 1);
  }

  TEST_CASE_FIXTURE(work_fixture, "compresses chunk by chunk, and back") {
    store.fill(1, 3);
    store.chunks[2].codec = codec_id::lz4;
    const auto tally = run(all(operation::compress, "lz4"));
    CHECK(tally.of(outcome::done) == 2);
    CHECK(tally.of(outcome::unchanged) == 1);
    CHECK(tally.bytes_before == 2'000);
    CHECK(tally.bytes_after == 200);
    CHECK(store.chunks[3].codec == codec_id::lz4);
    CHECK(store.steps == std::vector<std::size_t>{1, 1, 1});
    CHECK(run(all(operation::decompress)).bytes_after == 3'000);
    CHECK(store.chunks[3].codec == codec_id::none);
  }

  TEST_CASE_FIXTURE(work_fixture, "plans no less than it does") {
    store.fill(1, 300);
    bool has_grown = false;
    store.after_call = [&] {
      if (!has_grown)
        store.fill(1'000, 1'099);
      has_grown = true;
    };
    const auto tally = run(all(operation::clear));
    CHECK(tally.planned == 400);
    CHECK(tally.finished() == 400);
  }

  TEST_CASE_FIXTURE(work_fixture, "refuses what makes no sense") {
    CHECK(describe(refusal(all(operation::compress, "gzip"))) ==
          "invalid_request: unknown method: gzip");
    CHECK(refusal(all(operation::health)) == errc::invalid_request);
    CHECK(refusal(all(operation::pin)) == errc::invalid_request);
    CHECK(refusal(all(static_cast<operation>(77))) == errc::invalid_request);
  }
}
