#include "actors/store/chunk_catalog.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

struct sample_chunk {
  chunk_record record;
  std::uint64_t size = 0;
  int number = 0;

  std::uint64_t bytes() const { return size; }
  std::uint64_t room() const { return size + 1; }
  int version() const { return number; }
};

struct catalog_fixture {
  chunk_catalog<sample_chunk> catalog;

  static sample_chunk chunk(std::uint64_t hash, int number,
                            std::uint64_t size) {
    return {{.hash = hash, .tokens = 16}, size, number};
  }

  std::uint32_t add(std::uint64_t hash, int number, std::uint64_t size = 50) {
    return catalog.admit(chunk(hash, number, size));
  }

  /// Returns the name of the chunk to evict first; 0 if there is none.
  std::uint64_t oldest() const {
    const auto place = catalog.oldest();
    return place == catalog.none ? 0 : catalog.at(place).chunk.record.hash;
  }
};

using hashes = std::vector<std::uint64_t>;

}  // namespace

TEST_SUITE("chunk_catalog") {
  TEST_CASE_FIXTURE(catalog_fixture, "knows the room of its chunks") {
    const auto one = add(1, 7, 60);
    const auto two = add(2, 8, 40);
    CHECK(catalog.size() == 2);
    CHECK(catalog.bytes() == 102);
    CHECK(catalog.evictable_bytes() == 102);
    CHECK(catalog.find(1) == one);
    CHECK(catalog.at(one).chunk.number == 7);
    catalog.add_user(one);
    CHECK(catalog.bytes() == 102);
    CHECK(catalog.evictable_bytes() == 41);
    catalog.replace(two, chunk(2, 9, 20));
    CHECK(catalog.bytes() == 82);
    CHECK(catalog.evictable_bytes() == 21);
    CHECK(catalog.drop(one).number == 7);
    CHECK(catalog.find(1) == catalog.none);
    CHECK(catalog.bytes() == 21);
    CHECK(catalog.check() == "");
  }

  TEST_CASE_FIXTURE(catalog_fixture, "gives vacant places away again") {
    const auto one = add(1, 1);
    add(2, 2);
    catalog.drop(one);
    CHECK(catalog.scan(0, 9).hashes == hashes{2});
    CHECK(add(3, 3) == one);
    CHECK(catalog.scan(0, 9).hashes == hashes{3, 2});
    CHECK(catalog.check() == "");
  }

  TEST_CASE_FIXTURE(catalog_fixture, "does not evict what is read") {
    const auto one = add(1, 1);
    const auto two = add(2, 2);
    catalog.add_reader(one);
    catalog.add_reader(one);
    CHECK(catalog.remove_reader(one, 1));
    CHECK(catalog.check() == "");
    CHECK(catalog.evictable_bytes() == 51);
    CHECK(oldest() == 2);
    catalog.drop(two);
    CHECK(oldest() == 0);
    CHECK(catalog.clearing(one) ==
          chunk_change{chunk_outcome::done, 16, 50, 0});
    CHECK(catalog.remove_reader(one, 1));
    CHECK(oldest() == 1);
  }

  TEST_CASE_FIXTURE(catalog_fixture, "knows which version was read") {
    const auto one = add(1, 1);
    catalog.add_reader(one);
    SUBCASE("after the chunk was replaced") {
      catalog.replace(one, chunk(1, 2, 30));
      CHECK(catalog.bytes() == 31);
    }
    SUBCASE("after the chunk was dropped and came again") {
      catalog.drop(one);
      CHECK(catalog.bytes() == 0);
      CHECK(add(1, 2, 30) == one);
    }
    CHECK(oldest() == 1);
    catalog.add_reader(one);
    CHECK(!catalog.remove_reader(one, 1));
    CHECK(oldest() == 0);
    CHECK(catalog.remove_reader(one, 2));
    CHECK(oldest() == 1);
    CHECK(catalog.check() == "");
  }

  TEST_CASE_FIXTURE(catalog_fixture, "survives readers of what is gone") {
    const auto one = add(1, 1);
    catalog.add_reader(one);
    catalog.drop(one);
    CHECK(!catalog.is_version(one, 1));
    CHECK(!catalog.remove_reader(one, 1));
    CHECK(catalog.size() == 0);
    CHECK(catalog.check() == "");
  }

  TEST_CASE_FIXTURE(catalog_fixture, "tells one admission from the next") {
    const auto one = add(1, 1);
    const auto first = catalog.at(one).admission;
    CHECK(catalog.is_admission(one, first));
    catalog.replace(one, chunk(1, 2, 30));
    CHECK(catalog.is_admission(one, first));
    catalog.drop(one);
    CHECK(!catalog.is_admission(one, first));
    CHECK(add(1, 3) == one);
    CHECK(!catalog.is_admission(one, first));
    CHECK(catalog.is_admission(one, catalog.at(one).admission));
  }

  TEST_CASE_FIXTURE(catalog_fixture, "forgets the pins of what it drops") {
    const auto one = add(1, 1);
    catalog.pin(hashes{1}, std::nullopt);
    CHECK(catalog.clearing(one).outcome == chunk_outcome::pinned);
    catalog.drop(one);
    CHECK(catalog.check() == "");
    CHECK(catalog.clearing(add(1, 2)).outcome == chunk_outcome::done);
  }

  TEST_CASE_FIXTURE(catalog_fixture, "asks for no time without pins") {
    int asked = 0;
    const auto now = [&] {
      ++asked;
      return chunk_store::time_point{};
    };
    add(1, 1);
    catalog.expire_pins(now);
    CHECK(asked == 0);
    catalog.pin(hashes{1}, chunk_store::time_point{});
    catalog.expire_pins(now);
    CHECK(asked == 1);
    CHECK(oldest() == 1);
  }
}
