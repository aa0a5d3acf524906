#include "actors/commands/move_tally.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using outcome = chunk_outcome;

namespace {

std::vector<fetched_chunk> some_of_each() {
  return {{1, outcome::done, 16, 100},   {2, outcome::unchanged, 16, 100},
          {3, outcome::absent, 0, 0},    {4, outcome::no_room, 16, 100},
          {5, outcome::failed, 16, 100}, {6, outcome::unsuitable, 16, 100},
          {7, outcome::done, 8, 50}};
}

}  // namespace

TEST_SUITE("move_tally") {
  TEST_CASE("counts each chunk once, and what was copied") {
    move_tally tally{9};
    tally.note(some_of_each());
    command_tally expected{.planned = 9,
                           .tokens = 24,
                           .bytes_before = 150,
                           .bytes_after = 150,
                           .elapsed_us = 77};
    expected.chunks = {2, 1, 1, 0, 0, 0, 1, 1, 1};
    CHECK(tally.now(77) == expected);
    CHECK(tally.to_surrender(9) == std::vector<std::uint64_t>{1, 2, 7});
    tally.note(some_of_each());
    CHECK(tally.now(0).finished() == 14);
    CHECK(tally.to_surrender(9).size() == 6);
  }

  TEST_CASE("plans as many as are expected, or finished") {
    move_tally tally{0};
    tally.expect(5);
    CHECK(tally.now(0).planned == 5);
    tally.expect(3);
    CHECK(tally.now(0).planned == 5);
    tally.note(some_of_each());
    CHECK(tally.now(0).planned == 7);
  }

  TEST_CASE("takes what the source keeps from what was copied first") {
    move_tally tally{7};
    tally.note(some_of_each());
    tally.note(surrender_report{.dropped = 0, .pinned = 1, .in_use = 2});
    const auto now = tally.now(0);
    CHECK(now.of(outcome::done) == 0);
    CHECK(now.of(outcome::unchanged) == 0);
    CHECK(now.of(outcome::pinned) == 1);
    CHECK(now.of(outcome::in_use) == 2);
    CHECK(now.finished() == 7);
    CHECK(now.tokens == 24);
  }

  TEST_CASE("knows what the source may have dropped") {
    move_tally tally{7};
    CHECK(tally.source_text() == "the source keeps its own");
    tally.note(some_of_each());
    CHECK(tally.to_surrender(2) == std::vector<std::uint64_t>{1, 2});
    CHECK(tally.source_text() == "the source keeps its own");
    tally.note_asked(2);
    CHECK(tally.source_text() ==
          "the source was asked to drop the first 2 of 3 copied and has "
          "answered for 0");
    tally.note(surrender_report{.dropped = 2});
    CHECK(tally.to_surrender(2) == std::vector<std::uint64_t>{7});
    tally.note_asked(1);
    CHECK(tally.source_text() ==
          "the source was asked to drop the first 3 of 3 copied and has "
          "answered for 2");
    CHECK(tally.to_surrender(2).empty());
    tally.note_refused();
    CHECK(tally.source_text() ==
          "the source was asked to drop the first 2 of 3 copied and has "
          "answered for 2");
    CHECK(tally.to_surrender(2) == std::vector<std::uint64_t>{7});
  }

  TEST_CASE("believes no source that keeps more than was copied") {
    move_tally tally{7};
    tally.note(some_of_each());
    tally.note(surrender_report{.pinned = 100, .in_use = 100});
    CHECK(tally.now(0).finished() == 7);
    CHECK(tally.now(0).of(outcome::absent) == 1);
  }
}
