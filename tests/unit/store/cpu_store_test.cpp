#include "tests/unit/store/cpu_store_fixture.hpp"

using namespace kvc;
using kvc::test::hashes;
using changes = std::vector<kvc::test::change_recorder::change>;

TEST_SUITE("cpu_store") {
  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "shows and reports chunks when committed") {
    const auto chunks = chunks_of({1, 2});
    auto writer = store.reserve(chunks);
    CHECK(writer.size() == 2);
    CHECK(store.count_prefix(hashes{1}) == 0);
    CHECK(store.usage().chunks == 0);
    CHECK(store.usage().used_bytes == 128);
    CHECK(log.changes.empty());
    test::fill(writer, chunks);
    CHECK(writer.commit() == 2);
    CHECK(store.count_prefix(hashes{1, 2}) == 2);
    CHECK(log.changes == changes{{true, 1}, {true, 2}});
    CHECK(store.usage().chunks == 2);
    CHECK(store.usage().used_bytes == 128);
    CHECK(store.usage().capacity_bytes == 256);
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "forgets a writer that does not commit") {
    {
      auto writer = reserve({1, 2, 3, 4});
      CHECK(writer.size() == 4);
      CHECK(store.usage().used_bytes == 256);
    }
    CHECK(store.usage().used_bytes == 0);
    CHECK(log.changes.empty());
    CHECK(put({5, 6, 7, 8}) == 4);
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "stages a chunk beside itself, seen by nobody") {
    put({1, 2, 3, 4});
    log.take();
    {
      auto writer = store.stage(chunks_of({4})[0]);
      REQUIRE(writer.size() == 1);
      CHECK(writer.room(0).size() == test::chunk_bytes);
      CHECK(log.take() == changes{{false, 4}});  // The first to go.
      CHECK(put({4}) == 1);
      CHECK(log.take() == changes{{false, 3}, {true, 4}});
      const auto in_use = store.acquire(hashes{1, 2});
      const auto used = store.acquire(hashes{4});
      CHECK(store.stage(chunks_of({9})[0]).size() == 0);
      CHECK(log.take().empty());
    }
    CHECK(store.usage().used_bytes == 3 * test::chunk_bytes);
    CHECK(store.count_prefix(hashes{1, 2, 4}) == 3);
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "keeps bytes and tokens of each chunk") {
    put({1, 2, 3});
    const auto reader = store.acquire(hashes{3, 1, 9, 2});
    REQUIRE(reader.chunks().size() == 2);
    CHECK(reader.chunks()[0].bytes.size() == test::chunk_bytes);
    CHECK(test::is_filled(reader.chunks()[0].bytes, 3));
    CHECK(test::is_filled(reader.chunks()[1].bytes, 1));
    CHECK(reader.chunks()[0].tokens == 16);
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "evicts prompts by age, each from its tail") {
    put({1, 2});
    put({3, 4});
    CHECK(eviction_order() == hashes{2, 1, 4, 3});
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "counts reading as a use, looking as none") {
    put({1, 2});
    put({3, 4});
    CHECK(read({1, 2}) == 2);
    CHECK(store.count_prefix(hashes{3, 4}) == 2);
    CHECK(eviction_order() == hashes{4, 3, 2, 1});
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture, "counts storing again as a use") {
    put({1, 2});
    put({3, 4});
    CHECK(put({1, 2}) == 0);
    CHECK(eviction_order() == hashes{4, 3, 2, 1});
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture, "dates a use by its end") {
    put({1, 2, 3, 4});
    {
      const auto slow = store.acquire(hashes{4});
      CHECK(read({1, 2, 3}) == 3);
    }
    CHECK(eviction_order() == hashes{3, 2, 1, 4});
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "never evicts what is being read") {
    put({1, 2, 3, 4});
    const auto first = store.acquire(hashes{3});
    {
      const auto second = store.acquire(hashes{3, 4});
      CHECK(put({5, 6, 7}) == 2);
      CHECK(store.count_prefix(hashes{3, 4, 5, 6}) == 4);
    }
    CHECK(test::evict(store, hashes{3, 4}) == 1);
    CHECK(put({7, 8, 9, 10}) == 3);
    CHECK(test::is_filled(first.chunks()[0].bytes, 3));
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "never evicts what is being written") {
    const auto chunks = chunks_of({1, 2, 3});
    auto writer = store.reserve(chunks);
    test::fill(writer, chunks);
    CHECK(put({4, 5}) == 1);
    CHECK(put({6}) == 1);
    CHECK(writer.commit() == 3);
    CHECK(test::is_filled(store.acquire(hashes{2}).chunks()[0].bytes, 2));
    CHECK(log.held() == std::set<std::uint64_t>{1, 2, 3, 6});
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "places nothing while all is in use") {
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

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "evicts nothing for what cannot fit") {
    put({1, 2, 3});
    const auto reader = store.acquire(hashes{1});
    log.take();
    const std::vector<new_chunk> large{{.hash = 9, .bytes = 193, .tokens = 1}};
    CHECK(store.reserve(large).size() == 0);
    CHECK(log.take().empty());
    const std::vector<new_chunk> fits{{.hash = 9, .bytes = 192, .tokens = 1}};
    CHECK(store.reserve(fits).size() == 1);
    CHECK(log.take() == changes{{false, 3}, {false, 2}});
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "keeps the head of a prompt too long") {
    CHECK(put({1, 2, 3, 4, 5, 6}) == 4);
    CHECK(log.changes == changes{{true, 1}, {true, 2}, {true, 3}, {true, 4}});
    CHECK(put({1, 2, 3, 4, 5, 6}) == 0);
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "spares the asked-for chunks longest") {
    put({1, 3, 4});
    put({9});
    log.take();
    CHECK(put({1, 2, 3, 4}) == 1);
    CHECK(log.take() == changes{{false, 9}, {true, 2}});
    SUBCASE("but gives up later ones for an earlier one") {
      test::evict(store, hashes{2});
      put({9});
      const auto reader = store.acquire(hashes{9});
      log.take();
      CHECK(put({1, 2, 3, 4}) == 1);
      CHECK(log.take() == changes{{false, 4}, {true, 2}});
    }
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "keeps the first of two who store the same") {
    const auto chunks = chunks_of({1, 2});
    auto slow = store.reserve(chunks);
    auto fast = store.reserve(chunks);
    test::fill(slow, chunks);
    test::fill(fast, chunks);
    CHECK(fast.commit() == 2);
    CHECK(slow.commit() == 0);
    CHECK(log.changes == changes{{true, 1}, {true, 2}});
    CHECK(store.usage().used_bytes == 128);
    CHECK(store.check() == "");
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture, "admits a hash given twice once") {
    CHECK(put({1, 1}) == 1);
    CHECK(log.take() == changes{{true, 1}});
    CHECK(test::evict(store, hashes{1, 1}) == 1);
    CHECK(log.take() == changes{{false, 1}});
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "scans by steps of the given size") {
    put({1, 2, 3, 4});
    test::evict(store, hashes{2});
    const auto first = store.scan(0, 3);
    CHECK(first.hashes == hashes{1, 3});
    CHECK(first.next_cursor == 3);
    const auto second = store.scan(first.next_cursor, 3);
    CHECK(second.hashes == hashes{4});
    CHECK(second.next_cursor == 0);
    CHECK(store.scan(99, 3).hashes.empty());
    CHECK(store.scan(99, 3).next_cursor == 0);
  }

  TEST_CASE_FIXTURE(test::cpu_store_fixture,
                    "checks itself without telling anybody") {
    cpu_store large{test::map_arena(8192), {.listener = &log}};
    CHECK(large.check() == "");
    CHECK(large.usage().used_bytes == 0);
    put({1, 2, 3, 4});
    const auto reader = store.acquire(hashes{1});
    log.take();
    CHECK(store.check() == "");
    CHECK(log.take().empty());
    CHECK(store.usage().chunks == 4);
  }
}
