#include "actors/index/kv_index.hpp"
#include "tests/unit/index/index_driver.hpp"

#include <doctest/doctest.h>

#include <bit>

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr std::uint64_t block = huge_blocks::block_bytes;

/// What an index takes that holds nothing: a block and some small arrays.
std::uint64_t least_bytes() { return status_of(kv_index{{}}, {}).bytes; }

}  // namespace

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
