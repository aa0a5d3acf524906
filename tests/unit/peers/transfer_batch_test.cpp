#include "actors/peers/transfer_batch.hpp"

#include "tests/support/peer_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

using outcome = chunk_outcome;
using outcomes = std::vector<chunk_outcome>;
using span_outcomes = std::vector<span_outcome>;

constexpr auto contradiction = "the lease contradicts itself";

struct batch_fixture : memories {
  std::shared_ptr<transfer_batch> batch =
    std::make_shared<transfer_batch>(store, chunk_bytes / chunk_tokens);

  outcomes list() const {
    outcomes result;
    for (const auto& x : batch->chunks())
      result.push_back(x.outcome);
    return result;
  }

  outcome last{};  ///< Of a chunk that was refused.

  /// Why the first chunk of `lease` has no place in `to`; empty if it has.
  std::string refusal_of(const chunk_lease& lease, cpu_store& to) {
    transfer_batch tried{to, chunk_bytes / chunk_tokens};
    tried.place(lease, hashes{1});
    last = tried.chunks()[0].outcome;
    CHECK(tried.spans().empty() == !tried.trouble().empty());
    return tried.trouble();
  }

  std::string refusal_of(const chunk_lease& lease) {
    return refusal_of(lease, store);
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
    const auto refusal = [&](auto change) {
      auto lease = lease_of({1});
      change(lease.chunks[0]);
      return refusal_of(lease);
    };
    constexpr auto foreign = "the peer's chunks are of another size or codec";
    CHECK(refusal([](leased_chunk&) {}) == "");
    CHECK(refusal([](leased_chunk& x) { x.codec = 4; }) == foreign);
    CHECK(refusal([](leased_chunk& x) { --x.tokens; }) == foreign);
    CHECK(refusal([](leased_chunk& x) { x.tokens = 0; }) == foreign);
    CHECK(refusal([](leased_chunk& x) { ++x.raw_bytes; }) == foreign);
    CHECK(last == outcome::unsuitable);
    CHECK(refusal([](leased_chunk& x) { x.bytes = 0; }) == contradiction);
    CHECK(refusal([](leased_chunk& x) { --x.bytes; }) == contradiction);
    auto lease = lease_of({1});
    lease.dtype = "float16";
    lease.shape = {16, 3};
    CHECK(refusal_of(lease) == contradiction);
    CHECK(refusal([](leased_chunk& x) {
            x.codec = static_cast<std::uint8_t>(codec_id::zstd);
            ++x.bytes;
          }) == contradiction);
    CHECK(last == outcome::failed);
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(batch_fixture, "takes no chunk of another format") {
    auto own = network.make_transport(4 * chunk_bytes);
    cpu_store typed = store_over(*own, nullptr, now, {"float16", {16, 4}});
    put(source, {1});
    const auto refusal = [&](const std::string& dtype,
                             const std::vector<std::uint32_t>& shape) {
      auto lease = lease_of({1});
      lease.dtype = dtype;
      lease.shape = shape;
      return refusal_of(lease, typed);
    };
    CHECK(refusal("float16", {16, 4}) == "");
    CHECK(refusal("torch.half", {16, 4}) == "");
    CHECK(refusal("", {}) == "");
    CHECK(refusal("bfloat16", {16, 4}) ==
          "the peer's chunks are bfloat16 of 16x4, ours float16 of 16x4");
    CHECK(last == outcome::unsuitable);
    CHECK(refusal("", {2, 16, 2}) ==
          "the peer's chunks are float16 of 2x16x2, ours float16 of 16x4");
    CHECK(typed.usage().used_bytes == 0);
    own->stop();
  }

  TEST_CASE_FIXTURE(batch_fixture, "admits no codec but the one promised") {
    put(source, {1});
    REQUIRE(source.recode(1, codec_id::zstd).outcome == outcome::done);
    auto lease = lease_of({1});
    lease.chunks[0].codec = static_cast<std::uint8_t>(codec_id::lz4);
    batch->place(lease, hashes{1});
    copy({span_outcome::copied});
    CHECK(store.usage().used_bytes > 0);
    batch->commit();
    CHECK(list() == outcomes{outcome::failed});
    CHECK(batch->trouble() == contradiction);
    CHECK(store.usage().used_bytes == 0);
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(batch_fixture, "brings compressed chunks as they are") {
    put(source, {1});
    REQUIRE(source.recode(1, codec_id::zstd).outcome == outcome::done);
    const auto lease = lease_of({1});
    batch->place(lease, hashes{1});
    copy({span_outcome::copied});
    batch->commit();
    CHECK(list() == outcomes{outcome::done});
    const auto reader = store.acquire(hashes{1});
    REQUIRE(reader.chunks().size() == 1);
    const auto& chunk = reader.chunks()[0];
    CHECK(chunk.codec == codec_id::zstd);
    CHECK(chunk.bytes.size() == lease.chunks[0].bytes);
    CHECK(chunk.bytes.size() < chunk_bytes);
    CHECK(chunk.raw_bytes == chunk_bytes);
    CHECK(chunk.checksum == lease.chunks[0].checksum);
    std::vector<std::byte> raw(chunk_bytes);
    REQUIRE_FALSE(decode(chunk.codec, chunk.bytes, raw));
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
