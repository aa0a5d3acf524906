#include "actors/index/holder_pool.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <vector>

using namespace kvc;

namespace {

constexpr std::uint64_t block = huge_blocks::block_bytes;

struct pool_fixture {
  memory_budget budget{0};
  holder_pool pool{budget};

  void fill(holder_pool::reference run, std::uint32_t words,
            std::uint32_t value) {
    for (std::uint32_t i = 0; i < words; ++i)
      pool.at(run)[i] = value;
  }
  bool is_filled(holder_pool::reference run, std::uint32_t words,
                 std::uint32_t value) {
    for (std::uint32_t i = 0; i < words; ++i) {
      if (pool.at(run)[i] != value)
        return false;
    }
    return true;
  }
};

}  // namespace

TEST_SUITE("holder_pool") {
  TEST_CASE_FIXTURE(pool_fixture, "takes no memory before the first run") {
    CHECK(budget.used() == 0);
    CHECK(pool.allocate(5) != 0);
    CHECK(budget.used() >= block);
    CHECK(budget.used() < block + 1024);
  }

  TEST_CASE_FIXTURE(pool_fixture, "keeps runs of all sizes apart") {
    std::vector<std::pair<holder_pool::reference, std::uint32_t>> runs;
    for (int round = 0; round < 3; ++round) {
      for (std::uint32_t words = 1; words <= 64; ++words)
        runs.emplace_back(pool.allocate(words), words);
      for (std::uint32_t slots = 64; slots <= 1U << 17U; slots *= 2)
        runs.emplace_back(pool.allocate(slots + 4), slots + 4);
    }
    std::uint32_t value = 0;
    for (const auto& [run, words] : runs) {
      REQUIRE(run != 0);
      REQUIRE(holder_pool::readable_words(run) >= words);
      fill(run, words, ++value);
    }
    value = 0;
    for (const auto& [run, words] : runs)
      REQUIRE(is_filled(run, words, ++value));
  }

  TEST_CASE_FIXTURE(pool_fixture, "uses what was freed again, by its size") {
    const auto small = pool.allocate(6);
    const auto large = pool.allocate(1024 + 4);
    pool.release(small, 6);
    pool.release(large, 1024 + 4);
    CHECK(pool.allocate(9) != small);
    CHECK(pool.allocate(512 + 4) != large);
    CHECK(pool.allocate(8) == small);
    CHECK(pool.allocate(5) != small);
    CHECK(pool.allocate(1024 + 4) == large);
  }

  TEST_CASE_FIXTURE(pool_fixture,
                    "takes no more memory for runs that come and go") {
    for (int round = 0; round < 100'000; ++round) {
      const auto a = pool.allocate(36);
      const auto b = pool.allocate(4096 + 4);
      pool.release(a, 36);
      pool.release(b, 4096 + 4);
    }
    CHECK(budget.used() < block + 1024);
  }

  TEST_CASE("names each run once, and refuses what the budget does not allow") {
    memory_budget budget{2 * block + 1024};
    budget.enforce(true);
    holder_pool pool{budget};
    std::set<holder_pool::reference> names;
    holder_pool::reference run = 0;
    while ((run = pool.allocate(8)) != 0)
      REQUIRE(names.insert(run).second);
    CHECK(names.size() == 2 * block / 32 - 1);  // One unit is nobody's.
    pool.release(*names.begin(), 8);
    CHECK(pool.allocate(8) == *names.begin());
    CHECK(pool.allocate(8) == 0);
    budget.enforce(false);
    CHECK(pool.allocate(8) != 0);
    CHECK(budget.used() > 3 * block);
  }
}
