#include "tests/wire/link/peer_fixture.hpp"

using namespace kvc;
using namespace kvc::test;

TEST_SUITE("peer_links") {
  TEST_CASE("dials a peer, and carries requests both ways") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto peer = one.dial(two.port());
    REQUIRE(peer);
    CHECK(one.name_of(*peer) == "two");
    const auto back = two.dial(one.port());
    REQUIRE(back);
    CHECK(two.name_of(*back) == "one");
    // The same link serves both.
    CHECK(links_at(one.port()) + links_at(two.port()) == 1);
  }
}
