#include "actors/controller/kv_index.hpp"
#include "tests/unit/controller/index_driver.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr std::uint64_t first_table = std::uint64_t{1024} * 16;
constexpr std::uint64_t pool_block = 1U << 20U;

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
    CHECK(steps < 3 * 1024 / 16 + 2 + 700 / 16);
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
    kv_index index{{.memory_limit_bytes = first_table}};
    const auto id = index.open_generation(0, 1);
    CHECK(admit(index, id, numbers(0, 2000)) == 2000 - 921);
    CHECK(count_found(index, numbers(0, 2000), {1}) == 921);
    CHECK(count_found(index, numbers(0, 921), {1}) == 921);
    auto status = status_of(index, {1});
    CHECK(status.bytes == first_table);
    CHECK(status.refused_admissions == 2000 - 921);
    CHECK(status.memberships == 921);
    CHECK(count_keys(index, {1})[0] == key_count{921, 0});
    CHECK(admit(index, id, {0}) == 0);  // It is there already.
  }

  TEST_CASE("admits again when there is room") {
    kv_index index{{.memory_limit_bytes = first_table}};
    const auto id = index.open_generation(0, 1);
    admit(index, id, numbers(0, 921));
    CHECK(admit(index, id, {5000}) == 1);
    evict(index, id, {3});
    CHECK(admit(index, id, {5000, 5001}) == 1);
    CHECK(find_one(index, 5000, {1}) == holder_set{{0, false}});
  }

  TEST_CASE("refuses further holders before it exceeds the limit") {
    kv_index index{{.memory_limit_bytes = first_table + pool_block - 1}};
    const auto first = index.open_generation(0, 1);
    const auto second = index.open_generation(1, 2);
    CHECK(admit(index, first, {5}) == 0);
    CHECK(admit(index, second, {5, 6}) == 1);
    CHECK(find_one(index, 5, {1, 2}) == holder_set{{0, false}});
    CHECK(find_one(index, 6, {1, 2}) == holder_set{{1, false}});
    CHECK(status_of(index, {1, 2}).bytes == first_table);
    CHECK(status_of(index, {1, 2}).refused_admissions == 1);
  }

  TEST_CASE("uses the memory that it has up to the limit") {
    kv_index index{{.memory_limit_bytes = first_table + pool_block}};
    std::size_t refused = 0;
    keys live;
    for (std::uint32_t slot = 0; slot < 1000; ++slot) {
      live.push_back(slot + 1);
      refused +=
        admit(index, index.open_generation(slot, slot + 1), numbers(0, 100));
    }
    CHECK(refused == 0);
    CHECK(find_one(index, 99, live).size() == 1000);
    CHECK(status_of(index, live).bytes == first_table + pool_block);
  }

  TEST_CASE("grows while the limit allows it") {
    kv_index index{{.memory_limit_bytes = 4 * first_table}};
    const auto id = index.open_generation(0, 1);
    CHECK(admit(index, id, numbers(0, 3686)) == 0);
    CHECK(admit(index, id, {9999}) == 1);
    CHECK(status_of(index, {1}).bytes == 4 * first_table);
  }
}
