#include "actors/store/disk_catalog.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

struct catalog_fixture {
  disk_catalog catalog{100};

  static disk_chunk chunk(std::uint64_t hash, std::uint64_t generation,
                          std::uint64_t bytes) {
    return {{.hash = hash}, generation, bytes};
  }

  void add(std::uint64_t hash, std::uint64_t generation, std::uint64_t bytes) {
    REQUIRE(catalog.set_aside(bytes));
    catalog.admit(chunk(hash, generation, bytes));
  }

  /// Returns what goes for `bytes`; 0 if that is not possible.
  std::vector<std::uint64_t> dropped_for(std::uint64_t bytes) {
    const auto dropped = catalog.make_room(bytes);
    if (!dropped)
      return {0};
    std::vector<std::uint64_t> result;
    for (const auto& x : *dropped)
      result.push_back(x.record.hash);
    return result;
  }
};

using hashes = std::vector<std::uint64_t>;

}  // namespace

TEST_SUITE("disk_catalog") {
  TEST_CASE_FIXTURE(catalog_fixture, "keeps to its capacity") {
    CHECK(catalog.set_aside(60));
    CHECK(!catalog.set_aside(41));
    CHECK(catalog.set_aside(40));
    CHECK(catalog.used_bytes() == 100);
    catalog.give_back(60);
    add(1, 7, 60);
    CHECK(catalog.used_bytes() == 100);
    CHECK(dropped_for(61) == hashes{0});
    CHECK(catalog.find(1)->generation == 7);
    CHECK(dropped_for(60) == hashes{1});
    CHECK(catalog.find(1) == nullptr);
    CHECK(catalog.used_bytes() == 100);
    CHECK(catalog.check() == "");
  }

  TEST_CASE_FIXTURE(catalog_fixture, "does not drop what is borrowed") {
    add(1, 1, 50);
    add(2, 2, 50);
    catalog.borrow(1);
    catalog.borrow(1);
    catalog.return_loan({1, 1});
    CHECK(catalog.check() == "");
    CHECK(dropped_for(60) == hashes{0});
    CHECK(dropped_for(50) == hashes{2});
    catalog.give_back(50);
    catalog.return_loan({1, 1});
    CHECK(dropped_for(100) == hashes{1});
  }

  TEST_CASE_FIXTURE(catalog_fixture, "knows whose loan is returned") {
    add(1, 1, 50);
    catalog.borrow(1);
    SUBCASE("after the chunk was replaced") {
      REQUIRE(catalog.set_aside(30));
      catalog.replace(chunk(1, 2, 30));
      CHECK(catalog.used_bytes() == 30);
    }
    SUBCASE("after the chunk was dropped and came again") {
      catalog.drop(1);
      CHECK(catalog.used_bytes() == 0);
      add(1, 2, 30);
    }
    catalog.borrow(1);
    catalog.return_loan({1, 1});
    CHECK(dropped_for(71) == hashes{0});
    catalog.return_loan({1, 2});
    CHECK(dropped_for(71) == hashes{1});
    CHECK(catalog.check() == "");
  }

  TEST_CASE_FIXTURE(catalog_fixture, "survives loans of what is gone") {
    add(1, 1, 50);
    catalog.borrow(1);
    catalog.drop(1);
    catalog.return_loan({1, 1});
    CHECK(catalog.size() == 0);
    CHECK(catalog.check() == "");
  }
}
