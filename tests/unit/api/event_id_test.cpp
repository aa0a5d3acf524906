#include "net/api/event_id.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>

using namespace kvc;

TEST_SUITE("event ids") {
  TEST_CASE("are made of a prefix and a fresh version 4 UUID") {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
      const auto id = make_event_id("Lookup");
      REQUIRE(id.size() == 6 + 36);
      CHECK(id.substr(0, 6) == "Lookup");
      CHECK(id.find_first_not_of("0123456789abcdef-", 6) == std::string::npos);
      for (const auto dash : {8U, 13U, 18U, 23U})
        CHECK(id[6 + dash] == '-');
      CHECK(id[6 + 14] == '4');
      CHECK(std::string_view{"89ab"}.find(id[6 + 19]) != std::string::npos);
      seen.insert(id);
    }
    CHECK(seen.size() == 1000);
  }
}
