#include "actors/index/holder_sets.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

using namespace kvc;

namespace {

using words = std::vector<std::uint32_t>;

struct sets_fixture {
  memory_budget budget{0};
  holder_sets sets{budget};

  words read(holder_sets::name set) {
    words result;
    REQUIRE(sets.read(set, result));
    std::sort(result.begin(), result.end());
    return result;
  }

  holder_sets::name make(const words& what) {
    auto set = what.front();
    for (std::size_t i = 1; i < what.size(); ++i)
      set = sets.add(set, what[i]).now;
    return set;
  }
};

words numbers(std::uint32_t from, std::uint32_t to) {
  words result;
  for (auto i = from; i < to; ++i)
    result.push_back(i);
  return result;
}

}  // namespace

TEST_SUITE("holder_sets") {
  TEST_CASE_FIXTURE(sets_fixture, "names a single word by itself") {
    CHECK(read(7) == words{7});
    CHECK(sets.add(7, 7).what == holder_sets::outcome::unchanged);
    CHECK(sets.remove(7, 8).what == holder_sets::outcome::unchanged);
    CHECK(sets.remove(7, 7).now == 0);
    CHECK(sets.shared_count() == 0);
  }

  TEST_CASE_FIXTURE(sets_fixture, "is the same set in whatever order it came") {
    const auto first = make({3, 1, 2});
    CHECK(make({1, 2, 3}) == first);
    CHECK(make({2, 3, 1}) == first);
    CHECK(read(first) == words{1, 2, 3});
    CHECK(sets.shared_count() == 1);
  }

  TEST_CASE_FIXTURE(sets_fixture, "says what it changed, remembered or not") {
    auto set = make({1, 2, 3});
    for (int i = 0; i < 3; ++i) {
      CHECK(sets.add(set, 2).what == holder_sets::outcome::unchanged);
      CHECK(sets.remove(set, 9).what == holder_sets::outcome::unchanged);
      CHECK(sets.add(set, 2).now == set);
    }
    CHECK(read(set) == words{1, 2, 3});
  }

  TEST_CASE_FIXTURE(sets_fixture, "ends a set with its last chunk") {
    const auto first = make({1, 2, 3});
    const auto second = make({1, 2, 3});
    const auto pair = sets.remove(first, 1).now;
    CHECK(read(pair) == words{2, 3});
    CHECK(read(second) == words{1, 2, 3});
    CHECK(sets.shared_count() == 2);
    CHECK(sets.remove(second, 1).now == pair);
    CHECK(sets.shared_count() == 1);
    CHECK(sets.remove(pair, 2).now == 3);
    CHECK(sets.shared_count() == 1);
    CHECK(sets.remove(pair, 3).now == 2);
    CHECK(sets.shared_count() == 0);
  }

  TEST_CASE_FIXTURE(sets_fixture, "loses several words at once") {
    const auto all = make(numbers(1, 100));
    const auto same = make(numbers(1, 100));
    const auto rest = sets.remove_all(all, numbers(3, 98)).now;
    CHECK(read(rest) == words{1, 2, 98, 99});
    CHECK(rest == make({1, 2, 98, 99}));
    CHECK(read(same) == numbers(1, 100));
    CHECK(sets.shared_count() == 2);
    CHECK(sets.remove_all(same, numbers(2, 100)).now == 1);
    CHECK(sets.shared_count() == 1);
    sets.drop(rest);
    CHECK(sets.shared_count() == 1);
    sets.drop(rest);
    CHECK(sets.shared_count() == 0);
  }

  TEST_CASE_FIXTURE(sets_fixture,
                    "does not take a new set for one that ended") {
    for (std::uint32_t i = 0; i < 1000; ++i) {
      const auto set = make({1 + i, 5000, 6000});
      const auto less = sets.remove(set, 1 + i).now;
      CHECK(read(less) == words{5000, 6000});
      const auto more = sets.add(less, 7000 + i).now;
      REQUIRE(read(more) == words{5000, 6000, 7000 + i});
      const auto last = sets.remove(more, 5000).now;
      REQUIRE(read(last) == words{6000, 7000 + i});
      REQUIRE(sets.remove(last, 6000).now == 7000 + i);
      REQUIRE(sets.shared_count() == 0);
    }
  }

  TEST_CASE_FIXTURE(sets_fixture, "finds each of very many sets again") {
    std::vector<holder_sets::name> names;
    for (std::uint32_t i = 0; i < 40'000; ++i)
      names.push_back(make({i + 1, i + 2, 1'000'000}));
    CHECK(sets.shared_count() == 40'000);
    for (std::uint32_t i = 0; i < names.size(); ++i) {
      REQUIRE(make({1'000'000, i + 2, i + 1}) == names[i]);
      REQUIRE(read(names[i]) == words{i + 1, i + 2, 1'000'000});
    }
  }

  TEST_CASE_FIXTURE(sets_fixture,
                    "shares large sets, however they came to be") {
    constexpr auto most = holder_sets::max_shared;
    const auto set = make(numbers(1, most + 1));
    CHECK(read(set) == numbers(1, most + 1));
    CHECK(make(numbers(1, most + 1)) == set);
    auto other = make(numbers(2, most + 1));
    CHECK(sets.shared_count() == 2);
    other = sets.add(other, 1).now;
    CHECK(other == set);
    CHECK(sets.shared_count() == 1);
    other = sets.add(other, most + 1).now;
    CHECK(sets.is_private(other));
    CHECK(read(other) == numbers(1, most + 2));
    for (auto w = most + 1; w > most / 2; --w)
      other = sets.remove(other, w).now;
    CHECK(!sets.is_private(other));
    CHECK(other == make(numbers(1, most / 2 + 1)));
    CHECK(sets.shared_count() == 2);
  }

  TEST_CASE_FIXTURE(sets_fixture, "grows to thousands of words and back") {
    const auto other = make(numbers(500'000, 500'030));
    constexpr auto most = holder_sets::max_shared;
    auto set = make(numbers(1, most + 1));
    CHECK_FALSE(sets.is_private(set));
    for (std::uint32_t w = most + 1; w <= 20'000; ++w) {
      const auto [now, what] = sets.add(set, w);
      REQUIRE(what == holder_sets::outcome::changed);
      set = now;
      REQUIRE(sets.add(set, w / 2 + 1).what == holder_sets::outcome::unchanged);
    }
    CHECK(sets.is_private(set));
    CHECK(read(set) == numbers(1, 20'001));
    std::mt19937 random{1};
    auto rest = numbers(1, 20'001);
    std::shuffle(rest.begin(), rest.end(), random);
    while (rest.size() > 1) {
      const auto [now, what] = sets.remove(set, rest.back());
      REQUIRE(what == holder_sets::outcome::changed);
      set = now;
      REQUIRE(sets.remove(set, rest.back()).what ==
              holder_sets::outcome::unchanged);
      rest.pop_back();
      if (rest.size() % 997 == 0 || rest.size() < 40) {
        auto expected = rest;
        std::sort(expected.begin(), expected.end());
        REQUIRE(read(set) == expected);
      }
    }
    CHECK(set == rest.front());
    CHECK(read(other) == numbers(500'000, 500'030));
    CHECK(sets.shared_count() == 1);
  }

  TEST_CASE_FIXTURE(sets_fixture, "refuses more words than it can hold") {
    auto set = make(numbers(1, 90'000));
    auto result = holder_sets::change{set, holder_sets::outcome::changed};
    std::uint32_t w = 90'000;
    for (; result.what == holder_sets::outcome::changed; ++w)
      result = sets.add(result.now, w);
    CHECK(result.what == holder_sets::outcome::refused);
    CHECK(w - 2 == 3 * (1U << 17U) / 4);
    CHECK(read(result.now) == numbers(1, w - 1));
    result = sets.remove(result.now, 5);
    CHECK(sets.add(result.now, 5).what == holder_sets::outcome::changed);
  }

  TEST_CASE("changes nothing when there is no memory") {
    memory_budget budget{1U << 17U};
    holder_sets sets{budget};
    budget.enforce(true);
    CHECK(sets.add(1, 2).what == holder_sets::outcome::refused);
    CHECK(sets.add(1, 2).now == 1);
    CHECK(sets.shared_count() == 0);
  }

  TEST_CASE_FIXTURE(sets_fixture, "agrees with plain sets of any size") {
    for (const std::uint32_t universe : {6U, 40U, 200U}) {
      std::mt19937 random{universe};
      std::vector<std::set<std::uint32_t>> expected(50);
      std::vector<holder_sets::name> names(50, 0);
      for (int i = 0; i < 60'000; ++i) {
        const auto chunk = random() % names.size();
        const auto w = 1 + static_cast<std::uint32_t>(random()) % universe;
        auto& name = names[chunk];
        const auto is_adding = random() % 100 < (i / 5000 % 2 == 0 ? 70U : 30U);
        if (name == 0) {
          if (is_adding) {
            name = w;
            expected[chunk].insert(w);
          }
          continue;
        }
        const auto [now, what] =
          is_adding ? sets.add(name, w) : sets.remove(name, w);
        name = now;
        const auto is_change = is_adding ? expected[chunk].insert(w).second
                                         : expected[chunk].erase(w) == 1;
        REQUIRE((what == holder_sets::outcome::changed) == is_change);
        REQUIRE((name == 0) == expected[chunk].empty());
        if (name != 0 && i % 7 == 0)
          REQUIRE(read(name) ==
                  words(expected[chunk].begin(), expected[chunk].end()));
      }
      for (std::size_t chunk = 0; chunk < names.size(); ++chunk) {
        for (const auto w : expected[chunk])
          names[chunk] = sets.remove(names[chunk], w).now;
        REQUIRE(names[chunk] == 0);
      }
      CHECK(sets.shared_count() == 0);
    }
  }
}
