#include "actors/controller/holder_pool.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

using namespace kvc;

namespace {

std::vector<std::uint32_t> sorted(std::span<const std::uint32_t> words) {
  std::vector<std::uint32_t> result{words.begin(), words.end()};
  std::sort(result.begin(), result.end());
  return result;
}

holder_pool::reference push_all(holder_pool& pool, std::uint32_t first,
                                std::uint32_t count) {
  holder_pool::reference list = 0;
  for (std::uint32_t i = 0; i < count; ++i)
    list = pool.push(list, first + i);
  return list;
}

std::vector<std::uint32_t> numbers(std::uint32_t first, std::uint32_t count) {
  std::vector<std::uint32_t> result;
  for (std::uint32_t i = 0; i < count; ++i)
    result.push_back(first + i);
  return result;
}

}  // namespace

TEST_SUITE("holder_pool") {
  TEST_CASE("takes no memory before the first list") {
    const holder_pool pool;
    CHECK(pool.bytes() == 0);
    CHECK(pool.words(0).empty());
    CHECK(pool.bytes_to_push(0) == 1U << 20U);
  }

  TEST_CASE("never names a list 0") {
    holder_pool pool;
    CHECK(pool.push(0, 7) != 0);
    CHECK(pool.push(0, 8) != 0);
  }

  TEST_CASE("keeps every word while a list grows through all sizes") {
    holder_pool pool;
    holder_pool::reference list = 0;
    const auto neighbour = pool.push(0, 12345);
    for (std::uint32_t i = 0; i < 1000; ++i) {
      list = pool.push(list, i);
      REQUIRE(sorted(pool.words(list)) == numbers(0, i + 1));
    }
    CHECK(sorted(pool.words(neighbour)) == numbers(12345, 1));
  }

  TEST_CASE("changes a list's name only where its size doubles") {
    holder_pool pool;
    const auto three = push_all(pool, 0, 3);
    const auto four = pool.push(three, 3);
    CHECK(four != three);
    auto list = four;
    for (std::uint32_t i = 4; i < 7; ++i)
      list = pool.push(list, i);
    CHECK(list == four);
    CHECK(pool.push(list, 7) != four);
  }

  TEST_CASE("holds the longest list") {
    holder_pool pool;
    const auto list = push_all(pool, 0, holder_pool::max_length);
    const auto neighbour = pool.push(0, 5);
    CHECK(pool.words(list).size() == holder_pool::max_length);
    CHECK(pool.words(list).back() == holder_pool::max_length - 1);
    CHECK(sorted(pool.words(neighbour)) == numbers(5, 1));
  }

  TEST_CASE("fills the gap with the last word when one is removed") {
    holder_pool pool;
    auto list = push_all(pool, 10, 3);
    list = pool.remove(list, 0);
    CHECK(sorted(pool.words(list)) == std::vector<std::uint32_t>{11, 12});
    list = pool.remove(list, 1);
    REQUIRE(pool.words(list).size() == 1);
  }

  TEST_CASE("ends a list with its last word") {
    holder_pool pool;
    CHECK(pool.remove(pool.push(0, 1), 0) == 0);
  }

  TEST_CASE("keeps every other word while a list shrinks through all sizes") {
    holder_pool pool;
    auto list = push_all(pool, 0, 300);
    const auto neighbour = push_all(pool, 1000, 5);
    auto expected = numbers(0, 300);
    while (!expected.empty()) {
      const auto position = static_cast<std::uint32_t>(expected.size() / 2);
      const auto word = pool.words(list)[position];
      list = pool.remove(list, position);
      std::erase(expected, word);
      REQUIRE(sorted(pool.words(list)) == expected);
    }
    CHECK(list == 0);
    CHECK(sorted(pool.words(neighbour)) == numbers(1000, 5));
  }

  TEST_CASE("uses what was freed again, each size for itself") {
    holder_pool pool;
    const auto small = push_all(pool, 0, 3);
    const auto large = push_all(pool, 0, 7);
    auto list = small;
    for (int i = 0; i < 3; ++i)
      list = pool.remove(list, 0);
    CHECK(pool.push(0, 1) == small);
    CHECK(pool.push(0, 1) != small);
    list = large;
    for (int i = 0; i < 4; ++i)
      list = pool.remove(list, 0);  // Moves to a smaller place.
    CHECK(list != large);
    CHECK(push_all(pool, 50, 4) == large);
  }

  TEST_CASE("takes no more memory for lists that come and go") {
    holder_pool pool;
    for (std::uint32_t round = 0; round < 2000; ++round) {
      auto list = push_all(pool, 0, 200);
      while (list != 0)
        list = pool.remove(list, 0);
    }
    CHECK(pool.bytes() == 1U << 20U);
  }

  TEST_CASE("keeps lists apart across blocks and tells what a push takes") {
    holder_pool pool;
    std::vector<holder_pool::reference> lists;
    for (std::uint32_t i = 0; i < 100'000; ++i) {
      const auto before = pool.bytes();
      const auto needed = pool.bytes_to_push(0);
      lists.push_back(pool.push(0, i * 8));
      REQUIRE(pool.bytes() == before + needed);
      for (std::uint32_t j = 1; j < i % 8; ++j) {
        const auto now = pool.bytes();
        const auto more = pool.bytes_to_push(lists.back());
        lists.back() = pool.push(lists.back(), i * 8 + j);
        REQUIRE(pool.bytes() == now + more);
      }
    }
    REQUIRE(pool.bytes() >= 2U << 20U);
    for (std::uint32_t i = 0; i < lists.size(); ++i)
      REQUIRE(sorted(pool.words(lists[i])) ==
              numbers(i * 8, std::max(1U, i % 8)));
  }
}
