#include "actors/store/chunk_table.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace kvc;

TEST_SUITE("chunk_table") {
  TEST_CASE("takes every hash, zero and all ones included") {
    chunk_table table;
    CHECK(table.find(0) == chunk_table::none);
    table.insert(0, 7);
    table.insert(~std::uint64_t{0}, 0);
    CHECK(table.find(0) == 7);
    CHECK(table.find(~std::uint64_t{0}) == 0);
    table.erase(0);
    CHECK(table.find(0) == chunk_table::none);
    CHECK(table.size() == 1);
  }

  TEST_CASE("agrees with std::map in 200,000 random steps") {
    chunk_table table;
    std::map<std::uint64_t, std::uint32_t> model;
    std::mt19937_64 random{11};
    for (std::uint32_t step = 0; step < 200'000; ++step) {
      const auto hash = random() % 3000;
      const auto known = model.find(hash);
      REQUIRE(table.find(hash) ==
              (known == model.end() ? chunk_table::none : known->second));
      // Grows in the first half and shrinks in the second.
      const auto keeps = random() % 100 < (step < 100'000 ? 70U : 30U);
      if (known == model.end() && keeps) {
        table.insert(hash, step);
        model.emplace(hash, step);
      } else if (known != model.end() && !keeps) {
        table.erase(hash);
        model.erase(known);
      }
      REQUIRE(table.size() == model.size());
    }
    for (std::uint64_t hash = 0; hash < 3000; ++hash)
      CHECK((table.find(hash) != chunk_table::none) == model.contains(hash));
  }
}
