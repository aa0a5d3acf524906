#include "actors/controller/kv_index.hpp"
#include "tests/unit/controller/index_driver.hpp"

#include <doctest/doctest.h>

#include <bit>

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr std::uint64_t block = huge_blocks::block_bytes;
constexpr std::uint64_t first_places = 16 * key_table::segment_cells;

/// What an index takes that holds nothing: a block and some small arrays.
std::uint64_t least_bytes() { return status_of(kv_index{{}}, {}).bytes; }

keys numbers(std::uint64_t from, std::uint64_t to) {
  keys result;
  for (auto i = from; i < to; ++i)
    result.push_back(i);
  return result;
}

std::size_t count_found(const kv_index& index, const keys& what,
                        const keys& live) {
  const auto found = find_each(index, what, live);
  return static_cast<std::size_t>(
    std::count_if(found.begin(), found.end(),
                  [](const holder_set& x) { return !x.empty(); }));
}

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
    kv_index index{{}};
    keys live;
    std::vector<kv_index::generation_id> ids;
    const auto some = numbers(0, 5000);
    for (std::uint32_t slot = 0; slot < 8; ++slot) {
      live.push_back(slot + 1);
      ids.push_back(index.open_generation(slot, slot + 1));
      admit(index, ids.back(), some);
    }
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

  TEST_CASE("sweeps a chunk with thousands of holders step by step") {
    kv_index index{{}};
    keys live;
    std::vector<kv_index::generation_id> ids;
    for (std::uint32_t slot = 0; slot < 6000; ++slot) {
      live.push_back(slot + 1);
      ids.push_back(index.open_generation(slot, slot + 1));
      admit(index, ids.back(), {77});
    }
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

TEST_SUITE("kv_index memory limit") {
  TEST_CASE("refuses new keys, counts them and keeps the others") {
    kv_index index{{.memory_limit_bytes = 1}};
    const auto id = index.open_generation(0, 1);
    const auto bytes = status_of(index, {1}).bytes;
    const auto many = numbers(0, 300'000);
    const auto refused = admit(index, id, many);
    const auto held = many.size() - refused;
    CHECK(held > first_places * 96 / 100);
    CHECK(held < first_places * 98 / 100);
    CHECK(count_found(index, many, {1}) == held);
    CHECK(count_found(index, numbers(0, 50'000), {1}) == 50'000);
    const auto status = status_of(index, {1});
    CHECK(status.bytes == bytes);
    CHECK(status.refused_admissions == refused);
    CHECK(status.memberships == held);
    CHECK(count_keys(index, {1})[0] == key_count{held, 0});
    CHECK(admit(index, id, numbers(0, 50'000)) == 0);  // They are there.
    CHECK(admit(index, id, many) == refused);
    CHECK(status_of(index, {1}).refused_admissions == 2 * refused);
  }

  TEST_CASE("admits again when there is room") {
    kv_index index{{.memory_limit_bytes = 1}};
    const auto id = index.open_generation(0, 1);
    const auto many = numbers(0, 300'000);
    const auto refused = admit(index, id, many);
    evict(index, id, {3});
    CHECK(find_one(index, 3, {1}).empty());
    CHECK(admit(index, id, many) == refused);  // Another takes its place.
    evict(index, id, many);
    CHECK(status_of(index, {1}).memberships == 0);
    CHECK(admit(index, id, numbers(500'000, 550'000)) == 0);
    CHECK(count_found(index, numbers(500'000, 550'000), {1}) == 50'000);
  }

  TEST_CASE("refuses further holders before it exceeds the limit") {
    kv_index index{{.memory_limit_bytes = least_bytes() + block - 1}};
    const auto first = index.open_generation(0, 1);
    const auto second = index.open_generation(1, 2);
    const auto bytes = status_of(index, {1, 2}).bytes;
    CHECK(admit(index, first, {5}) == 0);
    CHECK(admit(index, second, {5, 6}) == 1);
    CHECK(find_one(index, 5, {1, 2}) == holder_set{{0, false}});
    CHECK(find_one(index, 6, {1, 2}) == holder_set{{1, false}});
    CHECK(status_of(index, {1, 2}).bytes == bytes);
    CHECK(status_of(index, {1, 2}).refused_admissions == 1);
  }

  TEST_CASE("uses the memory that it has up to the limit") {
    const auto limit = least_bytes() + block + 100'000;
    kv_index index{{.memory_limit_bytes = limit}};
    std::size_t refused = 0;
    keys live;
    for (std::uint32_t slot = 0; slot < 1000; ++slot) {
      live.push_back(slot + 1);
      refused +=
        admit(index, index.open_generation(slot, slot + 1), numbers(0, 100));
    }
    CHECK(refused == 0);
    CHECK(find_one(index, 99, live).size() == 1000);
    CHECK(status_of(index, live).bytes <= limit);
  }

  TEST_CASE("grows while the limit allows it, and not beyond") {
    const auto limit = least_bytes() + 4 * block + 10'000;
    kv_index index{{.memory_limit_bytes = limit}};
    const auto id = index.open_generation(0, 1);
    const auto many = numbers(0, 2'000'000);
    const auto held = many.size() - admit(index, id, many);
    CHECK(held > 4 * first_places);
    CHECK(count_found(index, many, {1}) == held);
    CHECK(status_of(index, {1}).bytes > limit - block);
    CHECK(status_of(index, {1}).bytes <= limit);
  }

  TEST_CASE("applies every eviction, though its sets need more memory") {
    kv_index index{{.memory_limit_bytes = least_bytes() + block + 100'000}};
    keys live;
    std::vector<kv_index::generation_id> ids;
    const auto some = numbers(0, 40'000);
    for (std::uint32_t slot = 0; slot < 16; ++slot) {
      live.push_back(slot + 1);
      ids.push_back(index.open_generation(slot, slot + 1));
      REQUIRE(admit(index, ids.back(), some) == 0);
    }
    for (std::uint32_t slot = 0; slot < 16; ++slot)
      for (const auto key : some)
        if ((key >> slot & 1U) != 0)
          evict(index, ids[slot], {key});
    const auto found = find_each(index, some, live);
    for (const auto key : some) {
      REQUIRE(found[key].size() ==
              16U - static_cast<unsigned>(std::popcount(key)));
      for (const auto& [slot, is_on_disk] : found[key])
        REQUIRE((key >> slot & 1U) == 0);
    }
    CHECK(status_of(index, live).refused_admissions == 0);
  }
}
