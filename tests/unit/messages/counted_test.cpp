#include "messages/counted.hpp"

#include <doctest/doctest.h>

TEST_SUITE("counted") {
  TEST_CASE("takes the singular for one only") {
    CHECK(kvc::counted(0, "chunk") == "0 chunks");
    CHECK(kvc::counted(1, "chunk") == "1 chunk");
    CHECK(kvc::counted(21, "rank") == "21 ranks");
  }
}
