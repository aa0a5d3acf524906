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

/// Lets both dial at once, `head_start` apart, and checks that one link is left
/// that serves both. Returns whether that was dialled by `one`.
bool cross(peer_node& one, peer_node& two,
           std::chrono::microseconds head_start) {
  peer_actor twos_peer;
  std::thread other{[&] { twos_peer = fresh_link(two, one.port()); }};
  std::this_thread::sleep_for(head_start);
  const auto ones_peer = fresh_link(one, two.port());
  other.join();
  REQUIRE(one.name_of(ones_peer) == two.name());
  REQUIRE(two.name_of(twos_peer) == one.name());
  REQUIRE(eventually(
    [&] { return links_at(one.port()) + links_at(two.port()) == 1; }));
  const auto is_ones = links_at(two.port()) == 1;
  part(one, ones_peer, two, twos_peer);
  return is_ones;
}

}  // namespace

TEST_SUITE("crossing dials") {
  TEST_CASE("leave one link, 300 times, and no sockets behind") {
    peer_node one{"one", {.secret = "s"}};
    peer_node two{"two", {.secret = "s"}};
    // Opens what stays open, at both: either may win before the other dials.
    for (const auto head_start : {0us, 2000us, 0us, 2000us})
      cross(one, two, head_start);
    part(one, fresh_link(one, two.port()), two, fresh_link(two, one.port()));
    const auto before = open_descriptors();
    std::minstd_rand random{5};
    int dialled_by_one = 0;
    for (int round = 0; round < 300; ++round)
      dialled_by_one +=
        cross(one, two, std::chrono::microseconds{random() % 400});
    // The higher process wins only where it was first by far.
    CHECK(dialled_by_one > 0);
    CHECK(dialled_by_one < 300);
    CHECK(eventually([&] { return open_descriptors() <= before; }));
  }

  TEST_CASE("connect three processes, each with each other") {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::unique_ptr<peer_node>> nodes;
      for (const auto* name : {"a", "b", "c"})
        nodes.push_back(std::make_unique<peer_node>(name));
      std::vector<std::thread> dials;
      for (auto& from : nodes)
        for (auto& to : nodes)
          dials.emplace_back([&] {
            const auto peer = fresh_link(*from, to->port());
            CHECK(from->name_of(peer) == to->name());
          });
      for (auto& dial : dials)
        dial.join();
      CHECK(eventually([&] {
        return links_at(nodes[0]->port()) + links_at(nodes[1]->port()) +
                 links_at(nodes[2]->port()) ==
               3;
      }));
    }
  }

  TEST_CASE("end in time when one side stops") {
    for (int round = 0; round < 30; ++round) {
      peer_node one{"one"};
      peer_node two{"two"};
      std::thread other{[&] { CHECK((two.dial(one.port()), true)); }};
      caf::anon_send(one.links().dialer(), dial_peer{"127.0.0.1", two.port()});
      std::this_thread::sleep_for(std::chrono::microseconds{50 * round});
      const auto start = std::chrono::steady_clock::now();
      one.stop();
      CHECK(std::chrono::steady_clock::now() - start < 1s);
      other.join();
    }
  }
}
