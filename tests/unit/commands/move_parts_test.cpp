#include "actors/commands/move_parts.hpp"

#include <doctest/doctest.h>

#include <numeric>

using namespace kvc;

namespace {

using hashes = std::vector<std::uint64_t>;

hashes names_to(std::uint64_t last) {
  hashes names(last);
  std::iota(names.begin(), names.end(), 1);
  return names;
}

command move_of(const hashes& names) {
  return {.verb = operation::move, .hashes = {names}};
}

}  // namespace

TEST_SUITE("move_parts") {
  TEST_CASE("goes through a list part by part") {
    move_parts plan{move_of(names_to(70)), 64};
    const auto first = plan.next();
    REQUIRE(first);
    CHECK(*first == move_part{.hashes = names_to(64)});
    CHECK(plan.next() == move_part{.hashes = {65, 66, 67, 68, 69, 70}});
    CHECK_FALSE(plan.next());
    CHECK_FALSE(move_parts{move_of({}), 64}.next());
  }

  TEST_CASE("goes through all from cursor to cursor") {
    move_parts plan{{.verb = operation::move, .is_for_all = true}, 64};
    auto part = plan.next();
    CHECK(part == move_part{.max_chunks = 64});
    plan.note_cursor(*part, 90);
    part = plan.next();
    CHECK(part == move_part{.cursor = 90, .max_chunks = 64});
    plan.note_cursor(*part, 0);
    CHECK_FALSE(plan.next());
  }

  TEST_CASE("tries again what has failed, as long as it helps") {
    move_parts plan{move_of(names_to(70)), 64};
    const auto first = *plan.next();
    CHECK_FALSE(plan.retry(first, {}));
    CHECK(plan.retry(first, {3, 9}));
    const auto again = *plan.next();
    CHECK(again == move_part{.hashes = {3, 9}, .is_retry = true});
    CHECK(plan.retry(again, {9}));
    const auto last = *plan.next();
    CHECK(last.hashes == hashes{9});
    CHECK_FALSE(plan.retry(last, {9}));
    CHECK(plan.next()->hashes.front() == 65);
    CHECK_FALSE(plan.next());
  }

  TEST_CASE("goes on where it was after a second try") {
    move_parts plan{{.verb = operation::move, .is_for_all = true}, 64};
    const auto first = *plan.next();
    plan.note_cursor(first, 64);
    CHECK(plan.retry(first, {3}));
    plan.note_cursor(*plan.next(), 0);
    CHECK(plan.next()->cursor == 64);
  }

  TEST_CASE("takes a part back, but not twice in a row") {
    move_parts plan{move_of(names_to(70)), 64};
    const auto first = *plan.next();
    CHECK(plan.take_back(first));
    CHECK(plan.next() == first);
    CHECK_FALSE(plan.take_back(first));
    CHECK(plan.note_end(false));
    CHECK(plan.note_end(true));
    CHECK_FALSE(plan.note_end(true));
  }
}
