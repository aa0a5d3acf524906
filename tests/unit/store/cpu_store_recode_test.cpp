#include "actors/store/cpu_store.hpp"

#include "tests/support/store_support.hpp"

#include <random>

using namespace kvc;

namespace {

using hashes = std::vector<std::uint64_t>;
using changes = std::vector<test::change_recorder::change>;
using bytes = std::vector<std::byte>;
using enum chunk_outcome;

constexpr std::uint64_t raw_bytes = 4096;

/// The chunks below `first_noise` compress well, the others not at all.
constexpr std::uint64_t first_noise = 1000;

bytes raw_of(std::uint64_t hash) {
  bytes result(raw_bytes, test::fill_of(hash));
  if (hash < first_noise)
    return result;
  std::mt19937_64 random{hash};
  for (auto& x : result)
    x = static_cast<std::byte>(random());
  return result;
}

std::uint64_t encoded_bytes(std::uint64_t hash, codec_id codec) {
  const auto encoded = encode(codec, raw_of(hash), {});
  REQUIRE(encoded);
  REQUIRE(encoded->has_value());
  return (**encoded).size();
}

/// A store with room for four chunks.
struct recode_fixture {
  test::change_recorder log;
  cpu_store store{test::map_arena(4 * raw_bytes), {.listener = &log}};

  std::size_t put(const hashes& names) {
    std::vector<new_chunk> chunks;
    for (const auto name : names)
      chunks.push_back({.hash = name, .bytes = raw_bytes, .tokens = 16});
    auto writer = store.reserve(chunks);
    for (std::size_t i = 0; i < writer.size(); ++i)
      if (const auto room = writer.room(i); !room.empty())
        std::ranges::copy(raw_of(names[i]), room.begin());
    return writer.commit();
  }

  /// Whether the chunk is here in `codec` and restores to what was stored.
  bool is_right(std::uint64_t hash, codec_id codec) {
    return is_right(store.borrow({&hash, 1}), hash, codec);
  }

  static bool is_right(const chunk_reader& reader, std::uint64_t hash,
                       codec_id codec) {
    REQUIRE(reader.chunks().size() == 1);
    const auto& chunk = reader.chunks().front();
    if (chunk.codec != codec || chunk.raw_bytes != raw_bytes)
      return false;
    bytes restored(chunk.bytes.begin(), chunk.bytes.end());
    if (codec != codec_id::none) {
      restored.resize(raw_bytes);
      CHECK(!decode(codec, chunk.bytes, restored));
    }
    return restored == raw_of(hash);
  }

  /// Stores chunks that do not compress until all others are gone.
  hashes eviction_order() {
    log.take();
    for (auto name = first_noise; name < first_noise + 4; ++name)
      put({name});
    hashes result;
    for (const auto& [is_admitted, hash] : log.take())
      if (!is_admitted)
        result.push_back(hash);
    return result;
  }
};

}  // namespace

TEST_SUITE("cpu_store recode") {
  TEST_CASE_FIXTURE(recode_fixture, "keeps a chunk in the form asked for") {
    put({1, 2});
    log.take();
    const auto size = encoded_bytes(1, codec_id::zstd);
    CHECK(store.recode(1, codec_id::zstd) ==
          chunk_change{done, 16, raw_bytes, size});
    CHECK(is_right(1, codec_id::zstd));
    CHECK(is_right(2, codec_id::none));
    CHECK(store.usage().used_bytes == raw_bytes + arena::rounded(size));
    CHECK(store.usage().chunks == 2);
    CHECK(store.check() == "");
    CHECK(store.recode(1, codec_id::none) ==
          chunk_change{done, 16, size, raw_bytes});
    CHECK(is_right(1, codec_id::none));
    CHECK(store.usage().used_bytes == 2 * raw_bytes);
    CHECK(store.check() == "");
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(recode_fixture, "goes from one codec to another") {
    put({1});
    store.recode(1, codec_id::zstd);
    CHECK(store.recode(1, codec_id::lz4) ==
          chunk_change{done, 16, encoded_bytes(1, codec_id::zstd),
                       encoded_bytes(1, codec_id::lz4)});
    CHECK(is_right(1, codec_id::lz4));
  }

  TEST_CASE_FIXTURE(recode_fixture, "says why it changes nothing") {
    put({1, first_noise});
    store.recode(1, codec_id::lz4);
    CHECK(store.recode(1, codec_id::lz4) == chunk_change{.outcome = unchanged});
    CHECK(store.recode(first_noise, codec_id::none) ==
          chunk_change{.outcome = unchanged});
    CHECK(store.recode(9, codec_id::zstd) == chunk_change{.outcome = absent});
    CHECK(store.recode(first_noise, codec_id::zstd) ==
          chunk_change{.outcome = incompressible});
    CHECK(store.recode(1, codec_id::int8) ==
          chunk_change{.outcome = unsuitable});
    CHECK(is_right(1, codec_id::lz4));
    CHECK(is_right(first_noise, codec_id::none));
    CHECK(store.check() == "");
  }

  TEST_CASE_FIXTURE(recode_fixture, "fails for bytes that are damaged") {
    put({1});
    store.recode(1, codec_id::zstd);
    {
      const auto reader = store.borrow(hashes{1});
      const auto held = reader.chunks().front().bytes;
      // The only way to damage what nobody may write.
      auto* first = const_cast<std::byte*>(held.data());  // NOLINT
      std::fill_n(first, held.size(), std::byte{0xFF});
    }
    const auto used = store.usage().used_bytes;
    CHECK(store.recode(1, codec_id::none) == chunk_change{.outcome = failed});
    CHECK(store.recode(1, codec_id::lz4) == chunk_change{.outcome = failed});
    CHECK(store.usage().used_bytes == used);
  }

  TEST_CASE_FIXTURE(recode_fixture, "never changes bytes that are being read") {
    put({1});
    auto whole = std::optional{store.acquire(hashes{1})};
    auto also_whole = std::optional{store.acquire(hashes{1})};
    REQUIRE(store.recode(1, codec_id::zstd).outcome == done);
    auto small = std::optional{store.acquire(hashes{1})};
    REQUIRE(store.recode(1, codec_id::lz4).outcome == done);
    CHECK(is_right(*whole, 1, codec_id::none));
    CHECK(is_right(*small, 1, codec_id::zstd));
    CHECK(is_right(1, codec_id::lz4));
    const auto zstd = arena::rounded(encoded_bytes(1, codec_id::zstd));
    const auto lz4 = arena::rounded(encoded_bytes(1, codec_id::lz4));
    CHECK(store.usage().used_bytes == raw_bytes + zstd + lz4);
    CHECK(store.clear(hashes{1}).front().outcome == in_use);
    whole.reset();
    CHECK(is_right(*also_whole, 1, codec_id::none));
    CHECK(store.usage().used_bytes == raw_bytes + zstd + lz4);
    also_whole.reset();
    CHECK(store.usage().used_bytes == zstd + lz4);
    CHECK(store.check() == "");
    small.reset();
    CHECK(store.usage().used_bytes == lz4);
    CHECK(store.clear(hashes{1}).front().outcome == done);
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(recode_fixture, "is no use of a chunk") {
    put({1});
    put({2});
    put({3});
    REQUIRE(store.recode(1, codec_id::zstd).outcome == done);
    REQUIRE(store.recode(1, codec_id::none).outcome == done);
    REQUIRE(store.recode(2, codec_id::lz4).outcome == done);
    CHECK(eviction_order() == hashes{1, 2, 3});
  }

  TEST_CASE_FIXTURE(recode_fixture, "evicts others for a smaller form") {
    put({1});
    put({2});
    put({3, 4});
    log.take();
    CHECK(store.recode(1, codec_id::zstd).outcome == done);
    CHECK(log.take() == changes{{false, 2}});
    CHECK(store.recode(3, codec_id::zstd).outcome == done);
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(recode_fixture, "evicts nothing for a larger form") {
    put({1});
    store.recode(1, codec_id::zstd);
    put({2, 3, 4});
    CHECK(store.usage().used_bytes > 3 * raw_bytes);
    log.take();
    CHECK(store.recode(1, codec_id::none) == chunk_change{.outcome = no_room});
    CHECK(log.take().empty());
    CHECK(is_right(1, codec_id::zstd));
    CHECK(store.check() == "");
  }

  TEST_CASE_FIXTURE(recode_fixture, "recodes what is pinned if there is room") {
    put({1, 2, 3, 4});
    store.pin(hashes{1, 2, 3, 4}, std::nullopt);
    CHECK(store.recode(1, codec_id::zstd) == chunk_change{.outcome = no_room});
    store.unpin(hashes{4});
    CHECK(store.recode(1, codec_id::zstd).outcome == done);
    CHECK(is_right(1, codec_id::zstd));
    CHECK(store.clear(hashes{1, 4})[0].outcome == pinned);
    CHECK(store.count_prefix(hashes{1, 4}) == 1);
    CHECK(store.check() == "");
    store.unpin(hashes{1});
    CHECK(store.clear(hashes{1}).front().outcome == done);
  }

  TEST_CASE_FIXTURE(recode_fixture, "lends bytes that outlast their chunk") {
    put({1, 2});
    auto lent = std::optional{store.borrow(hashes{1, 2, 3})};
    REQUIRE(lent->chunks().size() == 2);
    CHECK(store.clear(hashes{1}).front() ==
          chunk_change{done, 16, raw_bytes, 0});
    CHECK(store.usage().chunks == 1);
    CHECK(store.usage().used_bytes == 2 * raw_bytes);
    put({1001});
    CHECK(std::ranges::equal(lent->chunks()[0].bytes, raw_of(1)));
    put({1});
    store.pin(hashes{1001, 1}, std::nullopt);
    CHECK(store.recode(2, codec_id::zstd).outcome == no_room);
    CHECK(store.check() == "");
    lent.reset();
    CHECK(store.usage().used_bytes == 3 * raw_bytes);
    CHECK(store.check() == "");
    CHECK(is_right(1, codec_id::none));
  }

  TEST_CASE_FIXTURE(recode_fixture, "does not evict what is lent") {
    put({1});
    put({2, 3, 4});
    auto lent = std::optional{store.borrow(hashes{1})};
    CHECK(store.check() == "");
    log.take();
    put({5, 6, 7, 8});
    CHECK(
      log.take() ==
      changes{
        {false, 4}, {false, 3}, {false, 2}, {true, 5}, {true, 6}, {true, 7}});
    lent.reset();
    put({8});
    CHECK(log.take() == changes{{false, 1}, {true, 8}});
  }
}
