#include "tests/unit/worker/peer_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

using outcome = chunk_outcome;
using outcomes = std::vector<chunk_outcome>;
using span_outcomes = std::vector<span_outcome>;

struct batch_fixture : memories {
  std::shared_ptr<transfer_batch> batch =
    std::make_shared<transfer_batch>(store, chunk_bytes / chunk_tokens);

  outcomes list() const {
    outcomes result;
    for (const auto& x : batch->chunks())
      result.push_back(x.outcome);
    return result;
  }

  /// Copies as a transport does, then says what became of it.
  void copy(const span_outcomes& said) {
    const auto spans = batch->spans();
    REQUIRE(spans.size() == said.size());
    for (const auto& x : spans)
      std::ranges::copy(
        theirs->memory().subspan(x.remote_offset, x.length),
        ours->memory().subspan(x.local_offset, x.length).begin());
    batch->note(said);
  }

  /// Stores four others; returns those of 1 to 4 that were evicted, in order.
  hashes evict_all() {
    log.take();
    for (const std::uint64_t name : {100U, 101U, 102U, 103U})
      put(store, {name});
    hashes result;
    for (const auto& [is_admitted, hash] : log.take())
      if (!is_admitted)
        result.push_back(hash);
    return result;
  }
};

}  // namespace

TEST_SUITE("transfer_batch") {
  TEST_CASE_FIXTURE(batch_fixture, "admits what has come and nothing else") {
    put(source, {1, 2, 3});
    put(store, {2});
    log.take();
    batch->place(lease_of({3, 1, 2}), hashes{1, 2, 3, 4});
    const auto spans = batch->spans();
    REQUIRE(spans.size() == 2);
    const auto there = lease_of({1, 3}).chunks;
    CHECK(spans[0].remote_offset == there[0].offset);
    CHECK(spans[0].length == chunk_bytes);
    CHECK(spans[0].checksum == there[0].checksum);
    CHECK(spans[1].remote_offset == there[1].offset);
    copy({span_outcome::copied, span_outcome::missing});
    CHECK(held(store, {1, 2, 3}) == hashes{2});
    batch->commit();
    CHECK(batch->chunks() ==
          std::vector<fetched_chunk>{
            {1, outcome::done, chunk_tokens, chunk_bytes},
            {2, outcome::unchanged, chunk_tokens, chunk_bytes},
            {3, outcome::failed, chunk_tokens, chunk_bytes},
            {4, outcome::absent, 0, 0}});
    CHECK(batch->copied_bytes() == chunk_bytes);
    CHECK(held(store, {1, 2, 3}) == hashes{1, 2});
    CHECK(log.take() == std::vector<change_recorder::change>{{true, 1}});
  }

  TEST_CASE_FIXTURE(batch_fixture, "takes all of a lease without a list") {
    put(source, {7, 8});
    batch->place(lease_of({8, 7}), {});
    copy({span_outcome::copied, span_outcome::copied});
    batch->commit();
    REQUIRE(batch->chunks().size() == 2);
    CHECK(batch->chunks()[0].hash == 8);
    CHECK(batch->chunks()[1].hash == 7);
    CHECK(held(store, {7, 8}) == hashes{7, 8});
  }

  TEST_CASE_FIXTURE(batch_fixture, "ignores what it did not ask for") {
    put(source, {1, 2});
    batch->place(lease_of({1, 2}), hashes{2});
    REQUIRE(batch->chunks().size() == 1);
    CHECK(batch->chunks()[0].hash == 2);
    CHECK(batch->spans().size() == 1);
  }

  TEST_CASE_FIXTURE(batch_fixture, "never admits what is damaged") {
    put(source, {1, 2});
    batch->place(lease_of({1, 2}), hashes{1, 2});
    copy({span_outcome::corrupt, span_outcome::copied});
    batch->commit();
    CHECK(list() == outcomes{outcome::failed, outcome::done});
    CHECK(held(store, {1, 2}) == hashes{2});
    CHECK(store.usage().chunks == 1);
  }

  TEST_CASE_FIXTURE(batch_fixture, "asks again for what has not come only") {
    put(source, {1, 2, 3});
    batch->place(lease_of({1, 2, 3}), hashes{1, 2, 3});
    const auto first = batch->spans();
    copy({span_outcome::corrupt, span_outcome::copied, span_outcome::missing});
    const auto second = batch->spans();
    REQUIRE(second.size() == 2);
    CHECK(second[0].local_offset == first[0].local_offset);
    CHECK(second[1].local_offset == first[2].local_offset);
    copy({span_outcome::copied, span_outcome::copied});
    CHECK(batch->spans().empty());
    batch->commit();
    CHECK(list() == outcomes{outcome::done, outcome::done, outcome::done});
    CHECK(batch->copied_bytes() == 3 * chunk_bytes);
  }

  TEST_CASE_FIXTURE(batch_fixture, "has no room beside what is in use") {
    put(source, {1, 2, 3});
    put(store, {10, 11, 12});
    const auto in_use = store.acquire(hashes{10, 11, 12});
    batch->place(lease_of({1, 2, 3}), hashes{1, 2, 3});
    copy({span_outcome::copied});
    batch->commit();
    CHECK(list() ==
          outcomes{outcome::done, outcome::no_room, outcome::no_room});
    CHECK(held(store, {1, 10, 11, 12}) == hashes{1, 10, 11, 12});
  }

  TEST_CASE_FIXTURE(batch_fixture, "takes no chunk of another size or form") {
    put(source, {1});
    const auto is_unsuitable = [&](auto change) {
      auto lease = lease_of({1});
      change(lease.chunks[0]);
      transfer_batch tried{store, chunk_bytes / chunk_tokens};
      tried.place(lease, hashes{1});
      return tried.chunks()[0].outcome == outcome::unsuitable &&
             tried.spans().empty();
    };
    CHECK_FALSE(is_unsuitable([](leased_chunk&) {}));
    CHECK(is_unsuitable([](leased_chunk& x) { x.form = 4; }));
    CHECK(is_unsuitable([](leased_chunk& x) { x.bytes = 0; }));
    CHECK(is_unsuitable([](leased_chunk& x) { --x.tokens; }));
    CHECK(is_unsuitable([](leased_chunk& x) { x.tokens = 0; }));
    CHECK(is_unsuitable([](leased_chunk& x) { ++x.raw_bytes; }));
    CHECK(is_unsuitable([](leased_chunk& x) { --x.bytes; }));
    CHECK(is_unsuitable([](leased_chunk& x) {
      x.form = static_cast<std::uint8_t>(codec::zstd);
      ++x.bytes;
    }));
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(batch_fixture, "brings compressed chunks as they are") {
    put(source, {1});
    REQUIRE(source.recode(1, codec::zstd).outcome == outcome::done);
    const auto lease = lease_of({1});
    batch->place(lease, hashes{1});
    copy({span_outcome::copied});
    batch->commit();
    CHECK(list() == outcomes{outcome::done});
    const auto reader = store.acquire(hashes{1});
    REQUIRE(reader.chunks().size() == 1);
    const auto& chunk = reader.chunks()[0];
    CHECK(chunk.form == codec::zstd);
    CHECK(chunk.bytes.size() == lease.chunks[0].bytes);
    CHECK(chunk.bytes.size() < chunk_bytes);
    CHECK(chunk.raw_bytes == chunk_bytes);
    CHECK(chunk.checksum == lease.chunks[0].checksum);
    std::vector<std::byte> raw(chunk_bytes);
    REQUIRE_FALSE(decode(chunk.form, chunk.bytes, raw));
    CHECK(is_filled(raw, 1));
  }

  TEST_CASE_FIXTURE(batch_fixture, "says so if somebody else was faster") {
    put(source, {1});
    batch->place(lease_of({1}), hashes{1});
    put(store, {1});
    copy({span_outcome::copied});
    batch->commit();
    CHECK(list() == outcomes{outcome::unchanged});
    CHECK(store.usage().used_bytes == chunk_bytes);
  }

  TEST_CASE_FIXTURE(batch_fixture, "keeps what is here until it is let go") {
    put(source, {1, 2});
    put(store, {2});
    batch->place(lease_of({1, 2}), hashes{1, 2});
    copy({span_outcome::copied});
    batch->commit();
    const auto holds = batch->holds();
    batch.reset();
    CHECK(store.clear(hashes{1, 2})[0].outcome == outcome::in_use);
    CHECK(store.clear(hashes{1, 2})[1].outcome == outcome::in_use);
    const std::vector<new_chunk> others(
      3, {.hash = 9, .bytes = chunk_bytes, .tokens = chunk_tokens});
    CHECK(store.reserve(others).size() == 2);
  }

  TEST_CASE_FIXTURE(batch_fixture, "lets go of a prompt's tail first") {
    put(source, {1, 2, 3, 4});
    put(store, {2});
    batch->place(lease_of({1, 2, 3, 4}), hashes{1, 2, 3, 4});
    copy(span_outcomes(3, span_outcome::copied));
    batch->commit();
    batch.reset();
    CHECK(evict_all() == hashes{4, 3, 2, 1});
  }

  TEST_CASE_FIXTURE(batch_fixture, "leaves no room behind when given up") {
    put(source, {1, 2});
    batch->place(lease_of({1, 2}), hashes{1, 2});
    CHECK(store.usage().used_bytes == 2 * chunk_bytes);
    batch.reset();
    CHECK(store.usage().used_bytes == 0);
    CHECK(log.take().empty());
  }
}
