#include "actors/peers/controller_clock.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace std::chrono_literals;

TEST_SUITE("controller's clock") {
  TEST_CASE("is unknown before it was told") {
    CHECK_FALSE(controller_clock{}.latest(5s));
  }

  TEST_CASE("is read in the middle of a round trip, give or take half of it") {
    controller_clock clock;
    clock.note(10s, 10s + 8ms, 100s);
    // It showed 100 s at 10 s the earliest.
    CHECK(*clock.latest(10s + 8ms) == 100s + 8ms + 2us);
  }

  TEST_CASE("may show less than ours") {
    controller_clock clock;
    clock.note(100s, 100s, 10s);
    CHECK(*clock.latest(101s) == 11s + 1ms + 2us);
  }

  TEST_CASE("drifts away with a sample's age") {
    controller_clock clock;
    clock.note(10s, 10s, 100s);
    CHECK(*clock.latest(1'010s) == 1'101s + 2us);
  }

  TEST_CASE("is told by the quickest answer, unless that is old") {
    controller_clock clock;
    clock.note(10s, 10s, 100s);
    clock.note(11s, 11s + 20ms, 101s);
    CHECK(*clock.latest(12s) == 102s + 2ms + 2us);
    clock.note(20s, 20s + 20ms, 110s);  // By now the first may err by 10 ms.
    CHECK(*clock.latest(20s + 20ms) == 110s + 20ms + 2us);
  }

  TEST_CASE("is not told by nonsense") {
    controller_clock clock;
    clock.note(10s, 10s, 100s);
    clock.note(12s, 11s, 5s);
    clock.note(11s, 11s, -1us);
    clock.note(11s, 11s, std::chrono::microseconds::max());
    CHECK(*clock.latest(10s) == 100s + 2us);
  }
}
