#include "actors/index/kv_index.hpp"
#include "tests/unit/index/index_driver.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

/// Workers in slots from 0 on, each with a generation that holds the same.
struct crowd {
  crowd(std::uint32_t workers, const keys& what) {
    for (std::uint32_t slot = 0; slot < workers; ++slot) {
      live.push_back(slot + 1);
      ids.push_back(index.open_generation(slot, slot + 1));
      admit(index, ids.back(), what);
    }
  }

  kv_index index{{}};
  keys live;  ///< Epochs.
  std::vector<kv_index::generation_id> ids;
};

}  // namespace

TEST_SUITE("kv_index sweep") {
  TEST_CASE("frees closed generations and uses their numbers again") {
    kv_index index{{}};
    const auto first = index.open_generation(0, 1);
    const auto second = index.open_generation(1, 2);
    admit(index, first, {1, 2, 3});
    admit(index, second, {3, 4});
    index.close_generation(first);
    CHECK(status_of(index, {1, 2}).memberships == 5);
    sweep_all(index);
    CHECK(status_of(index, {1, 2}).memberships == 2);
    CHECK_FALSE(index.sweep(1));
    CHECK(find_one(index, 3, {1, 2}) == holder_set{{1, false}});
    CHECK(index.open_generation(2, 3) == first);
    CHECK(index.open_generation(2, 4) == second + 1);
    CHECK(find_one(index, 1, {1, 2, 3}).empty());
  }

  TEST_CASE("keeps a number until all its memberships are swept") {
    kv_index index{{}};
    const auto first = index.open_generation(0, 1);
    admit(index, first, numbers(0, 500));
    index.close_generation(first);
    CHECK(index.sweep(8));
    CHECK(index.open_generation(1, 2) != first);
    CHECK(status_of(index, {}).memberships > 480);
  }

  TEST_CASE("looks at no more places than it was told") {
    kv_index index{{}};
    const auto first = index.open_generation(0, 1);
    admit(index, first, numbers(0, 700));
    index.close_generation(first);
    std::uint64_t before = 700;
    int steps = 0;
    while (index.sweep(16)) {
      const auto now = status_of(index, {}).memberships;
      REQUIRE(before - now <= 16);
      before = now;
      ++steps;
    }
    CHECK(before == 0);
    CHECK(steps > 700 / 16);
    CHECK(steps < (first_places + std::size_t{3} * 700) / 16 + 2);
  }

  TEST_CASE("sweeps a generation that was empty") {
    kv_index index{{}};
    const auto first = index.open_generation(0, 1);
    index.close_generation(first);
    CHECK_FALSE(index.sweep(1));
    CHECK(index.open_generation(0, 2) == first);
  }

  TEST_CASE("drops the dead holders of a shared key in any order") {
    for (std::uint32_t dead = 0; dead < 32; ++dead) {
      kv_index index{{}};
      keys live;
      std::vector<kv_index::generation_id> ids;
      holder_set expected;
      for (std::uint32_t i = 0; i < 5; ++i) {
        live.push_back(i + 1);
        ids.push_back(index.open_generation(i, i + 1));
        admit(index, ids[i], {9});
        if ((dead >> i & 1U) == 0)
          expected.emplace_back(i, false);
      }
      for (std::uint32_t i = 0; i < 5; ++i) {
        if ((dead >> i & 1U) == 1)
          index.close_generation(ids[i]);
      }
      sweep_all(index);
      CAPTURE(dead);
      REQUIRE(find_one(index, 9, live) == expected);
      REQUIRE(status_of(index, live).memberships == expected.size());
    }
  }

  TEST_CASE("sweeps sets that many chunks share") {
    const auto some = numbers(0, 5000);
    crowd all{8, some};
    auto& [index, live, ids] = all;
    for (std::uint32_t gone = 0; gone < 7; ++gone) {
      index.close_generation(ids[gone]);
      for (int i = 0; i < 40; ++i)
        index.sweep(100);  // Some chunks are swept, others are not yet.
      for (const auto& holders : find_each(index, some, live))
        REQUIRE(holders.size() == 7 - gone);
    }
    sweep_all(index);
    CHECK(status_of(index, live).memberships == 5000);
    CHECK(count_found(index, some, live) == 5000);
    CHECK(index.open_generation(9, 10) != ids[7]);
  }

  TEST_CASE("sweeps a shared set for little more than a look at it") {
    const auto some = numbers(0, 64);
    crowd all{600, some};
    auto& [index, live, ids] = all;
    // Word by word it would cost 64 x 599 looks at 600 words.
    constexpr auto cells = std::size_t{64} * 2 * 76 + first_places;
    SUBCASE("of which one is left") {
      for (std::uint32_t slot = 1; slot < 600; ++slot)
        index.close_generation(ids[slot]);
      CHECK(index.sweep(cells));
      CHECK_FALSE(index.sweep(1));
      CHECK(status_of(index, live).memberships == 64);
      CHECK(count_found(index, some, live) == 64);
    }
    SUBCASE("of which nobody is left") {
      for (const auto id : ids)
        index.close_generation(id);
      CHECK(index.sweep(cells));
      CHECK_FALSE(index.sweep(1));
      CHECK(status_of(index, live).memberships == 0);
    }
  }

  TEST_CASE("sweeps a chunk with thousands of holders step by step") {
    crowd all{6000, {77}};
    auto& [index, live, ids] = all;
    for (std::uint32_t slot = 0; slot < 6000; ++slot)
      if (slot % 6 != 0)
        index.close_generation(ids[slot]);
    CHECK(find_one(index, 77, live).size() == 1000);
    std::uint64_t before = 6000;
    while (index.sweep(200)) {
      const auto now = status_of(index, live).memberships;
      REQUIRE(before - now <= 200);
      before = now;
    }
    CHECK(before == 1000);
    CHECK(find_one(index, 77, live).size() == 1000);
  }

  TEST_CASE("finds what moves while it sweeps") {
    kv_index index{{}};
    const auto dead = index.open_generation(0, 1);
    const auto alive = index.open_generation(1, 2);
    for (std::uint64_t i = 0; i < 700; ++i)
      admit(index, i % 2 == 0 ? dead : alive, {i});
    index.close_generation(dead);
    std::uint64_t key = 1;
    while (index.sweep(5)) {
      evict(index, alive, {key});  // Moves others into the gap.
      key += 2;
    }
    CHECK(status_of(index, {0, 2}).memberships ==
          count_found(index, numbers(0, 700), {0, 2}));
    CHECK(index.open_generation(2, 3) == dead);
  }
}
