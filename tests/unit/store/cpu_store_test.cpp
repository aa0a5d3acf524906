#include "tests/unit/store/cpu_store_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using enum chunk_outcome;

TEST_SUITE("cpu_store") {
  TEST_CASE_FIXTURE(cpu_store_fixture,
                    "shows and reports chunks when committed") {
    const auto chunks = chunks_of({1, 2});
    auto writer = store.reserve(chunks);
    CHECK(writer.size() == 2);
    CHECK(store.count_prefix(hashes{1}) == 0);
    CHECK(store.usage().chunks == 0);
    CHECK(store.usage().used_bytes == 2 * raw_bytes);
    CHECK(log.changes.empty());
    fill(writer, chunks);
    CHECK(writer.commit() == 2);
    CHECK(store.count_prefix(hashes{1, 2}) == 2);
    CHECK(log.changes == changes{{true, 1}, {true, 2}});
    CHECK(store.usage().chunks == 2);
    CHECK(store.usage().used_bytes == 2 * raw_bytes);
    CHECK(store.usage().capacity_bytes == 4 * raw_bytes);
  }

  TEST_CASE_FIXTURE(cpu_store_fixture,
                    "forgets a writer that does not commit") {
    {
      auto writer = reserve({1, 2, 3, 4});
      CHECK(writer.size() == 4);
      CHECK(store.usage().used_bytes == 4 * raw_bytes);
    }
    CHECK(store.usage().used_bytes == 0);
    CHECK(log.changes.empty());
    CHECK(put({5, 6, 7, 8}) == 4);
  }

  TEST_CASE_FIXTURE(cpu_store_fixture,
                    "stages a chunk beside itself, seen by nobody") {
    put({1, 2, 3, 4});
    log.take();
    {
      auto writer = store.stage(chunks_of({4})[0]);
      REQUIRE(writer.size() == 1);
      CHECK(writer.room(0).size() == raw_bytes);
      CHECK(log.take() == changes{{false, 4}});  // The first to go.
      CHECK(put({4}) == 1);
      CHECK(log.take() == changes{{false, 3}, {true, 4}});
      const auto readers = store.acquire(hashes{1, 2});
      const auto used = store.acquire(hashes{4});
      CHECK(store.stage(chunks_of({9})[0]).size() == 0);
      CHECK(log.take().empty());
    }
    CHECK(store.usage().used_bytes == 3 * raw_bytes);
    CHECK(store.count_prefix(hashes{1, 2, 4}) == 3);
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "keeps bytes and tokens of each chunk") {
    put({1, 2, 3});
    const auto reader = store.acquire(hashes{3, 1, 9, 2});
    REQUIRE(reader.chunks().size() == 2);
    CHECK(reader.chunks()[0].bytes.size() == raw_bytes);
    CHECK(is_filled(reader.chunks()[0].bytes, 3));
    CHECK(is_filled(reader.chunks()[1].bytes, 1));
    CHECK(reader.chunks()[0].tokens == 16);
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "never evicts what is being read") {
    put({1, 2, 3, 4});
    const auto first = store.acquire(hashes{3});
    {
      const auto second = store.acquire(hashes{3, 4});
      CHECK(put({5, 6, 7}) == 2);
      CHECK(store.count_prefix(hashes{3, 4, 5, 6}) == 4);
    }
    CHECK(evict(store, hashes{3, 4}) == 1);
    CHECK(put({7, 8, 9, 10}) == 3);
    CHECK(is_filled(first.chunks()[0].bytes, 3));
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "never evicts what is being written") {
    const auto chunks = chunks_of({1, 2, 3});
    auto writer = store.reserve(chunks);
    fill(writer, chunks);
    CHECK(put({4, 5}) == 1);
    CHECK(put({6}) == 1);
    CHECK(writer.commit() == 3);
    CHECK(is_filled(store.acquire(hashes{2}).chunks()[0].bytes, 2));
    CHECK(log.held() == std::set<std::uint64_t>{1, 2, 3, 6});
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "places nothing while all is in use") {
    put({1, 2, 3, 4});
    log.take();
    {
      const auto reader = store.acquire(hashes{1, 2, 3, 4});
      auto writer = reserve({5, 1});
      CHECK(writer.size() == 0);
      CHECK(writer.commit() == 0);
    }
    CHECK(log.take().empty());
    CHECK(put({5}) == 1);
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "evicts nothing for what cannot fit") {
    put({1, 2, 3});
    const auto reader = store.acquire(hashes{1});
    log.take();
    const std::vector<new_chunk> large{
      {.hash = 9, .bytes = 3 * raw_bytes + 1, .tokens = 1}};
    CHECK(store.reserve(large).size() == 0);
    CHECK(log.take().empty());
    const std::vector<new_chunk> fits{
      {.hash = 9, .bytes = 3 * raw_bytes, .tokens = 1}};
    CHECK(store.reserve(fits).size() == 1);
    CHECK(log.take() == changes{{false, 3}, {false, 2}});
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "keeps the head of a prompt too long") {
    CHECK(put({1, 2, 3, 4, 5, 6}) == 4);
    CHECK(log.changes == changes{{true, 1}, {true, 2}, {true, 3}, {true, 4}});
    CHECK(put({1, 2, 3, 4, 5, 6}) == 0);
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "spares the asked-for chunks longest") {
    put({1, 3, 4});
    put({9});
    log.take();
    CHECK(put({1, 2, 3, 4}) == 1);
    CHECK(log.take() == changes{{false, 9}, {true, 2}});
    SUBCASE("but gives up later ones for an earlier one") {
      evict(store, hashes{2});
      put({9});
      const auto reader = store.acquire(hashes{9});
      log.take();
      CHECK(put({1, 2, 3, 4}) == 1);
      CHECK(log.take() == changes{{false, 4}, {true, 2}});
    }
  }

  TEST_CASE_FIXTURE(cpu_store_fixture,
                    "keeps the first of two who store the same") {
    const auto chunks = chunks_of({1, 2});
    auto slow = store.reserve(chunks);
    auto fast = store.reserve(chunks);
    fill(slow, chunks);
    fill(fast, chunks);
    CHECK(fast.commit() == 2);
    CHECK(slow.commit() == 0);
    CHECK(log.changes == changes{{true, 1}, {true, 2}});
    CHECK(store.usage().used_bytes == 2 * raw_bytes);
    CHECK(store.check() == "");
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "admits a hash given twice once") {
    CHECK(put({1, 1}) == 1);
    CHECK(log.take() == changes{{true, 1}});
    CHECK(evict(store, hashes{1, 1}) == 1);
    CHECK(log.take() == changes{{false, 1}});
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(cpu_store_fixture,
                    "leaves nothing behind when it checks itself") {
    cpu_store large{map_arena(8192), {.listener = &log}};
    CHECK(large.check() == "");
    CHECK(large.usage().used_bytes == 0);
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "reserves no room while all is pinned") {
    put({1, 2, 3, 4});
    pin({1, 2, 3, 4});
    log.take();
    CHECK(reserve({5, 1}).size() == 0);
    CHECK(reserve({1, 5}).size() == 1);
    CHECK(log.take().empty());
    CHECK(store.check() == "");
  }

  TEST_CASE_FIXTURE(cpu_store_fixture,
                    "evicts nothing for what pins keep out") {
    put({1, 2, 3, 4});
    pin({1});
    log.take();
    const std::vector<new_chunk> large{
      {.hash = 9, .bytes = 3 * raw_bytes + 1, .tokens = 1}};
    CHECK(store.reserve(large).size() == 0);
    CHECK(log.take().empty());
    const std::vector<new_chunk> fits{
      {.hash = 9, .bytes = 3 * raw_bytes, .tokens = 1}};
    CHECK(store.reserve(fits).size() == 1);
    CHECK(log.take() == changes{{false, 4}, {false, 3}, {false, 2}});
  }

  TEST_CASE_FIXTURE(cpu_store_fixture,
                    "forgets a chunk's pins with the chunk") {
    put({1, 2});
    pin({1, 2});
    {
      const auto reader = store.acquire(hashes{1});
      store.discard(1);
      CHECK(store.count_prefix(hashes{1}) == 1);
    }
    log.take();
    store.discard(1);
    store.discard(9);
    CHECK(log.take() == changes{{false, 1}});
    CHECK(store.check() == "");
    put({1});
    CHECK(clear({1, 2}) == outcomes{done, pinned});
  }

  TEST_CASE_FIXTURE(cpu_store_fixture, "fails for bytes that are damaged") {
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

  TEST_CASE_FIXTURE(cpu_store_fixture,
                    "never changes bytes that are being read") {
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

  TEST_CASE_FIXTURE(cpu_store_fixture, "lends bytes that outlast their chunk") {
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

  TEST_CASE_FIXTURE(cpu_store_fixture, "does not evict what is lent") {
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
