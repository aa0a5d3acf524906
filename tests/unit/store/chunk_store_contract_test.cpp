#include "tests/support/disk_store_fixture.hpp"
#include "tests/unit/store/cpu_store_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using enum chunk_outcome;

// What every chunk_store does, in cases that run with each of them.
#define STORE_TEST_CASE(name) \
  TEST_CASE_TEMPLATE(name, scene, cpu_store_fixture, disk_store_fixture)

TEST_SUITE("chunk_store contract") {
  STORE_TEST_CASE("tells what it has and what changes") {
    scene x;
    CHECK(x.put({1, 2}) == 2);
    CHECK(x.log.take() == changes{{true, 1}, {true, 2}});
    const auto usage = x.any().usage();
    CHECK(usage.where == x.log.of);
    CHECK(usage.chunks == 2);
    CHECK(usage.used_bytes == 2 * x.room_as(1, codec_id::none));
    CHECK(usage.capacity_bytes == 4 * x.room_as(1, codec_id::none));
    CHECK(scan_all(x.any()) == std::set<std::uint64_t>{1, 2});
    CHECK(x.is_right(1, codec_id::none));
    CHECK(x.put({1, 2, 3}) == 1);
    CHECK(x.log.take() == changes{{true, 3}});
    CHECK(x.any().check() == "");
  }

  STORE_TEST_CASE("evicts prompts by age, each from its tail") {
    scene x;
    x.put({1, 2});
    x.put({3, 4});
    CHECK(x.eviction_order() == hashes{2, 1, 4, 3});
    CHECK(x.any().usage().used_bytes == 4 * x.room_as(1, codec_id::none));
  }

  STORE_TEST_CASE("counts reading as a use, looking as none") {
    scene x;
    x.put({1, 2});
    x.put({3, 4});
    x.read({1, 2});
    CHECK(x.count_prefix(hashes{3, 4, 1, 9, 2}) == 3);
    CHECK(x.count_prefix(hashes{9, 1}) == 0);
    CHECK(x.eviction_order() == hashes{4, 3, 2, 1});
  }

  STORE_TEST_CASE("counts storing again as a use") {
    scene x;
    x.put({1, 2});
    x.put({3, 4});
    CHECK(x.put({1, 2}) == 0);
    CHECK(x.eviction_order() == hashes{4, 3, 2, 1});
  }

  STORE_TEST_CASE("dates a use by its end") {
    scene x;
    x.put({1, 2, 3, 4});
    {
      const auto slow = x.use(4);
      x.read({1, 2, 3});
    }
    CHECK(x.eviction_order() == hashes{3, 2, 1, 4});
  }

  STORE_TEST_CASE("neither evicts nor clears what is in use") {
    scene x;
    x.put({1, 2, 3});
    auto one = x.use(1);
    auto also_one = x.use(1);
    auto two = x.use(2);
    CHECK(x.clear({1, 2}) == outcomes{in_use, in_use});
    CHECK(x.put({4, 5}) == 2);
    CHECK(x.log.held() == std::set<std::uint64_t>{1, 2, 4, 5});
    CHECK(scan_all(x.any()) == std::set<std::uint64_t>{1, 2, 4, 5});
    CHECK(x.any().check() == "");
    one.reset();
    two.reset();
    CHECK(x.clear({1, 2}) == outcomes{in_use, done});
    also_one.reset();
    CHECK(x.clear({1}) == outcomes{done});
    CHECK(x.any().check() == "");
  }

  STORE_TEST_CASE("scans by steps of the given size") {
    scene x;
    x.put({1, 2, 3, 4});
    x.clear({2});
    const auto first = x.any().scan(0, 3);
    CHECK(first.hashes == hashes{1, 3});
    CHECK(first.next_cursor == 3);
    const auto second = x.any().scan(first.next_cursor, 3);
    CHECK(second.hashes == hashes{4});
    CHECK(second.next_cursor == 0);
    CHECK(x.any().scan(99, 3).hashes.empty());
    CHECK(x.any().scan(99, 3).next_cursor == 0);
  }

  STORE_TEST_CASE("checks itself without telling anybody") {
    scene x;
    x.put({1, 2, 3, 4});
    const auto used = x.use(1);
    x.log.take();
    CHECK(x.any().check() == "");
    CHECK(x.log.take().empty());
    CHECK(x.any().usage().chunks == 4);
  }

  STORE_TEST_CASE("says what it cleared, and why not") {
    scene x;
    x.put({1, 2, 3, 4});
    x.pin({2});
    const auto pinned_use = x.use(2);
    const auto use = x.use(3);
    x.log.take();
    const auto cleared = x.any().clear(hashes{1, 9, 2, 3, 4, 4});
    CHECK(outcomes_of(cleared) ==
          outcomes{done, absent, pinned, in_use, done, absent});
    CHECK(cleared[0] ==
          chunk_change{done, 16, x.bytes_as(1, codec_id::none), 0});
    CHECK(cleared[2] == chunk_change{.outcome = pinned});
    CHECK(x.log.take() == changes{{false, 1}, {false, 4}});
    CHECK(x.any().usage().chunks == 2);
    CHECK(x.any().usage().used_bytes == 2 * x.room_as(1, codec_id::none));
    CHECK(x.any().check() == "");
  }
}

TEST_SUITE("chunk_store contract: pins") {
  STORE_TEST_CASE("never evicts what is pinned") {
    scene x;
    x.put({1, 2, 3, 4});
    CHECK(x.pin({1, 3}) == outcomes{done, done});
    CHECK(x.eviction_order() == hashes{4, 2, 100, 101});
    CHECK(x.is_right(1, codec_id::none));
    CHECK(x.is_right(3, codec_id::none));
    CHECK(x.clear({1, 3}) == outcomes{pinned, pinned});
    CHECK(x.any().check() == "");
  }

  STORE_TEST_CASE("pins a prefix only") {
    scene x;
    x.put({1, 2, 4});
    const auto changed = x.any().pin(hashes{1, 2, 3, 4}, std::nullopt);
    CHECK(outcomes_of(changed) == outcomes{done, done, absent, absent});
    const auto size = x.bytes_as(1, codec_id::none);
    CHECK(changed[0] == chunk_change{done, 16, size, size});
    CHECK(x.clear({1, 2, 4}) == outcomes{pinned, pinned, done});
  }

  STORE_TEST_CASE("counts pins") {
    scene x;
    x.put({1, 2});
    x.pin({1, 2});
    x.pin({1});
    CHECK(x.unpin({1, 2, 3}) == outcomes{done, done, absent});
    CHECK(x.unpin({1, 2}) == outcomes{done, unchanged});
    CHECK(x.unpin({1}) == outcomes{unchanged});
    CHECK(x.any().unpin(hashes{1})[0] == chunk_change{.outcome = unchanged});
    x.pin({2});
    const auto size = x.bytes_as(2, codec_id::none);
    CHECK(x.any().unpin(hashes{2})[0] == chunk_change{done, 16, size, size});
    x.pin({1, 1});
    CHECK(x.unpin({1}) == outcomes{done});
    CHECK(x.clear({1, 2}) == outcomes{pinned, done});
    CHECK(x.unpin({1}) == outcomes{done});
    CHECK(x.clear({1}) == outcomes{done});
  }

  STORE_TEST_CASE("ends a pin at its time") {
    scene x;
    x.put({1, 2, 3, 4});
    x.pin({1, 2}, 10);
    x.pin({1}, 20);
    x.pass(9);
    CHECK(x.clear({1, 2}) == outcomes{pinned, pinned});
    x.pass(1);
    SUBCASE("when it clears") {
      CHECK(x.clear({1, 2}) == outcomes{pinned, done});
      x.pass(10);
      CHECK(x.clear({1}) == outcomes{done});
    }
    SUBCASE("when it needs room") {
      CHECK(x.put({5, 6, 7}) == 3);
      CHECK(scan_all(x.any()) == std::set<std::uint64_t>{1, 5, 6, 7});
      x.pass(10);
      CHECK(x.put({8, 9, 10, 11}) == 4);
    }
    SUBCASE("when it unpins") {
      CHECK(x.unpin({1, 2}) == outcomes{done, unchanged});
      CHECK(x.unpin({1}) == outcomes{unchanged});
    }
    SUBCASE("when it pins") {
      x.pin({2});
      CHECK(x.unpin({2}) == outcomes{done});
      CHECK(x.unpin({2}) == outcomes{unchanged});
    }
    SUBCASE("when it checks itself") {
      CHECK(x.any().check() == "");
      x.now = {};
      CHECK(x.clear({1, 2}) == outcomes{pinned, done});
    }
  }

  STORE_TEST_CASE("places nothing while all is pinned") {
    scene x;
    x.put({1, 2, 3, 4});
    x.pin({1, 2, 3, 4});
    x.log.take();
    CHECK(x.put({5}) == 0);
    CHECK(x.log.take().empty());
    CHECK(x.any().check() == "");
    x.unpin({2});
    CHECK(x.put({5}) == 1);
    CHECK(x.log.take() == changes{{false, 2}, {true, 5}});
  }

  STORE_TEST_CASE("keeps pins and uses apart") {
    scene x;
    x.put({1});
    SUBCASE("if the use ends first") {
      {
        const auto use = x.use(1);
        x.pin({1}, 60);
      }
      CHECK(x.clear({1}) == outcomes{pinned});
      x.pass(61);
    }
    SUBCASE("if the pin ends first") {
      x.pin({1}, 60);
      {
        const auto use = x.use(1);
        CHECK(x.unpin({1}) == outcomes{done});
        CHECK(x.clear({1}) == outcomes{in_use});
      }
    }
    SUBCASE("if it is stored again meanwhile") {
      x.pin({1});
      CHECK(x.put({1}) == 0);
      CHECK(x.clear({1}) == outcomes{pinned});
      x.unpin({1});
    }
    CHECK(x.any().check() == "");
    CHECK(x.clear({1}) == outcomes{done});
  }

  STORE_TEST_CASE("dates a pin by its end, the tail first") {
    scene x;
    x.put({1, 2});
    x.pin({1, 2}, 10);
    x.put({3, 4});
    SUBCASE("taken back") {
      x.unpin({1, 2});
      CHECK(x.eviction_order() == hashes{4, 3, 2, 1});
    }
    SUBCASE("over by itself") {
      x.pass(10);
      CHECK(x.any().check() == "");
      CHECK(x.eviction_order() == hashes{4, 3, 2, 1});
    }
  }
}

TEST_SUITE("chunk_store contract: recode") {
  STORE_TEST_CASE("keeps a chunk encoded as asked for") {
    scene x;
    x.put({1, 2});
    x.log.take();
    const auto raw = x.bytes_as(1, codec_id::none);
    const auto zstd = x.bytes_as(1, codec_id::zstd);
    const auto lz4 = x.bytes_as(1, codec_id::lz4);
    CHECK(x.any().recode(1, codec_id::zstd) ==
          chunk_change{done, 16, raw, zstd});
    CHECK(x.is_right(1, codec_id::zstd));
    CHECK(x.is_right(2, codec_id::none));
    CHECK(x.any().usage().used_bytes ==
          x.room_as(1, codec_id::zstd) + x.room_as(2, codec_id::none));
    CHECK(x.any().usage().chunks == 2);
    CHECK(x.any().check() == "");
    CHECK(x.any().recode(1, codec_id::lz4) ==
          chunk_change{done, 16, zstd, lz4});
    CHECK(x.is_right(1, codec_id::lz4));
    CHECK(x.any().recode(1, codec_id::none) ==
          chunk_change{done, 16, lz4, raw});
    CHECK(x.is_right(1, codec_id::none));
    CHECK(x.any().usage().used_bytes == 2 * x.room_as(1, codec_id::none));
    CHECK(x.any().check() == "");
    CHECK(x.log.take().empty());
  }

  STORE_TEST_CASE("says why it recodes nothing") {
    scene x;
    x.put({1, first_noise});
    REQUIRE(x.recode(1, codec_id::lz4) == done);
    CHECK(x.any().recode(1, codec_id::lz4) ==
          chunk_change{.outcome = unchanged});
    CHECK(x.any().recode(first_noise, codec_id::none) ==
          chunk_change{.outcome = unchanged});
    CHECK(x.any().recode(9, codec_id::zstd) == chunk_change{});
    CHECK(x.any().recode(first_noise, codec_id::zstd) ==
          chunk_change{.outcome = incompressible});
    CHECK(x.any().recode(1, codec_id::int8) ==
          chunk_change{.outcome = unsuitable});
    CHECK(x.is_right(1, codec_id::lz4));
    CHECK(x.is_right(first_noise, codec_id::none));
    CHECK(x.any().check() == "");
  }

  STORE_TEST_CASE("is no use of a chunk to recode it") {
    scene x;
    x.put({1});
    x.put({2});
    x.put({3});
    REQUIRE(x.recode(1, codec_id::zstd) == done);
    REQUIRE(x.recode(1, codec_id::none) == done);
    REQUIRE(x.recode(2, codec_id::lz4) == done);
    REQUIRE(x.recode(2, codec_id::none) == done);
    CHECK(x.eviction_order() == hashes{1, 2, 3});
  }

  STORE_TEST_CASE("evicts others for a compressed chunk") {
    scene x;
    x.put({1});
    x.put({2});
    x.put({3, 4});
    x.log.take();
    CHECK(x.recode(1, codec_id::zstd) == done);
    CHECK(x.log.take() == changes{{false, 2}});
    CHECK(x.recode(3, codec_id::zstd) == done);
    CHECK(x.log.take().empty());
  }

  STORE_TEST_CASE("evicts nothing for a restored chunk") {
    scene x;
    x.put({1});
    REQUIRE(x.recode(1, codec_id::zstd) == done);
    x.put({2, 3, 4});
    x.log.take();
    CHECK(x.any().recode(1, codec_id::none) ==
          chunk_change{.outcome = no_room});
    CHECK(x.log.take().empty());
    CHECK(x.is_right(1, codec_id::zstd));
    CHECK(x.any().usage().chunks == 4);
    CHECK(x.any().check() == "");
  }

  STORE_TEST_CASE("recodes what is pinned if it has room") {
    scene x;
    x.put({1, 2, 3, 4});
    x.pin({1, 2, 3, 4});
    CHECK(x.any().recode(1, codec_id::zstd) ==
          chunk_change{.outcome = no_room});
    x.unpin({4});
    CHECK(x.recode(1, codec_id::zstd) == done);
    CHECK(x.is_right(1, codec_id::zstd));
    CHECK(x.clear({1, 4}) == outcomes{pinned, absent});
    CHECK(x.any().check() == "");
    x.unpin({1});
    CHECK(x.clear({1}) == outcomes{done});
  }
}
