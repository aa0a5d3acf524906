#include "tests/unit/node/reporting_simulation.hpp"

#include <doctest/doctest.h>

using namespace kvc::test;

TEST_SUITE("reporting simulation") {
  TEST_CASE("the index equals the store whenever everything has arrived") {
    std::size_t syncs = 0;
    for (std::uint32_t seed = 1; seed <= 80; ++seed) {
      CAPTURE(seed);
      simulation world{seed};
      for (auto round = 0; round < 10; ++round) {
        CAPTURE(round);
        for (auto i = 0; i < 300; ++i)
          world.step();
        world.settle();
        world.check();
      }
      syncs += world.syncs();
    }
    CHECK(syncs > 5'000);
  }
}
