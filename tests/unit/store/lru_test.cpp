#include "actors/store/lru.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

std::vector<std::uint32_t> drain(lru& list) {
  std::vector<std::uint32_t> result;
  while (list.oldest() != lru::none) {
    result.push_back(list.oldest());
    list.remove(list.oldest());
  }
  return result;
}

lru list_of(std::initializer_list<std::uint32_t> indexes) {
  lru result;
  for (const auto index : indexes)
    result.add_newest(index);
  return result;
}

}  // namespace

TEST_SUITE("lru") {
  TEST_CASE("gives back the oldest first") {
    auto list = list_of({5, 0, 9});
    CHECK(list.size() == 3);
    CHECK(drain(list) == std::vector<std::uint32_t>{5, 0, 9});
    CHECK(list.size() == 0);
  }

  TEST_CASE("names the next one used") {
    const auto list = list_of({5, 0, 9});
    CHECK(list.newer(5) == 0);
    CHECK(list.newer(0) == 9);
    CHECK(list.newer(9) == lru::none);
  }

  TEST_CASE("forgets what is removed at either end and between") {
    for (const std::uint32_t gone : {1U, 2U, 3U}) {
      auto list = list_of({1, 2, 3});
      list.remove(gone);
      auto rest = std::vector<std::uint32_t>{1, 2, 3};
      std::erase(rest, gone);
      CHECK(drain(list) == rest);
    }
  }

  TEST_CASE("takes what was removed as the newest") {
    auto list = list_of({1, 2, 3});
    list.remove(1);
    list.add_newest(1);
    CHECK(drain(list) == std::vector<std::uint32_t>{2, 3, 1});
  }

  TEST_CASE("starts again after it was empty") {
    auto list = list_of({4});
    list.remove(4);
    CHECK(list.oldest() == lru::none);
    list.add_newest(2);
    list.add_newest(4);
    CHECK(drain(list) == std::vector<std::uint32_t>{2, 4});
  }
}
