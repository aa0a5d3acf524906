#include "actors/index/key_table.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <unordered_map>
#include <vector>

using namespace kvc;

namespace {

struct table_fixture {
  memory_budget budget{0};
  key_table table{0xd1342543de82ef95U, budget};

  bool insert(std::uint64_t key, std::uint32_t word) {
    return table.insert(table.target_of(key), key, word);
  }
  key_table::place find(std::uint64_t key) const {
    return key_table::find(table.target_of(key), key);
  }

  /// What a reader finds: the word, or 0.
  std::uint32_t read(std::uint64_t key) const {
    key_table::reading result;
    REQUIRE(table.read(table.target_of(key), key, result));
    REQUIRE(result.still_holds());
    return result.word;
  }
};

}  // namespace

TEST_SUITE("key_table") {
  TEST_CASE_FIXTURE(table_fixture, "finds what was inserted and nothing else") {
    CHECK(find(0).bucket == nullptr);
    CHECK(read(0) == 0);
    REQUIRE(insert(0, 7));
    REQUIRE(insert(~0ULL, 8));
    CHECK(find(0).word() == 7);
    CHECK(read(0) == 7);
    CHECK(read(~0ULL) == 8);
    CHECK(read(1) == 0);
    table.erase(find(0));
    CHECK(find(0).bucket == nullptr);
    CHECK(read(0) == 0);
    CHECK(read(~0ULL) == 8);
  }

  TEST_CASE_FIXTURE(table_fixture, "tells a reader of every change") {
    REQUIRE(insert(5, 7));
    key_table::reading result;
    REQUIRE(table.read(table.target_of(5), 5, result));
    CHECK(result.still_holds());
    const auto where = find(5);
    {
      bucket_change change{*where.bucket};
      CHECK_FALSE(result.still_holds());
      CHECK_FALSE(table.read(table.target_of(5), 5, result));
      change.set_word(where.cell, 7);
    }
    REQUIRE(table.read(table.target_of(5), 5, result));
    table.erase(where);
    CHECK_FALSE(result.still_holds());
  }

  TEST_CASE_FIXTURE(table_fixture, "agrees with a plain map while it splits") {
    std::mt19937_64 random{1};
    std::unordered_map<std::uint64_t, std::uint32_t> expected;
    std::vector<std::uint64_t> all;
    for (std::uint32_t i = 1; i <= 500'000; ++i) {
      if (random() % 4 == 0 && !all.empty()) {
        const auto key = all[random() % all.size()];
        const auto where = find(key);
        REQUIRE((where.bucket != nullptr) == expected.contains(key));
        if (where.bucket != nullptr)
          table.erase(where);
        expected.erase(key);
      } else {
        all.push_back(random());
        REQUIRE(insert(all.back(), i));
        expected[all.back()] = i;
      }
    }
    CHECK(table.splits() > 10);
    for (const auto key : all) {
      const auto known = expected.find(key);
      REQUIRE(read(key) == (known == expected.end() ? 0 : known->second));
    }
    std::size_t counted = 0;
    for (std::size_t i = 0; i < table.place_count(); ++i)
      counted += table.place_at(i).word() != 0 ? 1 : 0;
    CHECK(counted == expected.size());
  }

  TEST_CASE_FIXTURE(table_fixture, "reads by a target from before splits") {
    const auto keys = [](std::uint64_t i) { return i * 0x9e3779b97f4a7c15U; };
    std::vector<key_table::target> old;
    for (std::uint64_t i = 0; i < 1000; ++i)
      old.push_back(table.target_of(keys(i)));
    for (std::uint32_t i = 0; i < 400'000; ++i)
      REQUIRE(insert(keys(i), i + 1));
    CHECK(table.splits() > 10);
    for (std::uint32_t i = 0; i < 1000; ++i) {
      key_table::reading result;
      REQUIRE(table.read(old[i], keys(i), result));
      REQUIRE(result.word == i + 1);
    }
  }

  TEST_CASE_FIXTURE(table_fixture, "is never much emptier than half") {
    std::mt19937_64 random{2};
    for (std::size_t keys = 1; keys <= 3'000'000; ++keys) {
      REQUIRE(insert(random(), 1));
      if (keys > 500'000 && keys % 50'000 == 0)
        REQUIRE(static_cast<double>(budget.used()) / static_cast<double>(keys) <
                24.5);
    }
  }
}
