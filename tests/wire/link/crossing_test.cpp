#include "tests/wire/link/peer_fixture.hpp"

#include <memory>
#include <random>
#include <thread>
#include <vector>

using namespace kvc;
using namespace kvc::test;

namespace {

/// Cuts the link between the two and waits until both know.
void part(peer_node& one, const peer_actor& ones_peer, peer_node& two,
          const peer_actor& twos_peer) {
  cut_links_at(one.port());
  cut_links_at(two.port());
  REQUIRE(one.self().goes_down(ones_peer));
  REQUIRE(two.self().goes_down(twos_peer));
}

}  // namespace

TEST_SUITE("crossing dials") {
  TEST_CASE("leave one link, 300 times") {
    peer_node one{"one", {.secret = "s"}};
    peer_node two{"two", {.secret = "s"}};
    std::minstd_rand random{5};
    int dialled_by_one = 0;
    for (int round = 0; round < 300; ++round) {
      // Dialers start within 400 us of each other.
      const std::chrono::microseconds head_start{random() % 400};
      peer_actor twos_peer;
      std::thread other{[&] { twos_peer = fresh_link(two, one.port()); }};
      std::this_thread::sleep_for(head_start);
      const auto ones_peer = fresh_link(one, two.port());
      other.join();
      REQUIRE(one.name_of(ones_peer) == "two");
      REQUIRE(two.name_of(twos_peer) == "one");
      REQUIRE(eventually(
        [&] { return links_at(one.port()) + links_at(two.port()) == 1; }));
      dialled_by_one += links_at(two.port());
      part(one, ones_peer, two, twos_peer);
    }
    MESSAGE("links dialled by each: ", dialled_by_one, ", ",
            300 - dialled_by_one);
  }
}
