#include "tests/wire/link/peer_fixture.hpp"
#include "tests/wire/link/peer_processes.hpp"

#include <caf/send.hpp>

using namespace kvc;
using namespace kvc::test;

namespace {

using clock_type = std::chrono::steady_clock;

}  // namespace

TEST_SUITE("peer loss") {
  TEST_CASE("is told within moments when a peer that we dialled is killed") {
    peer_processes others;
    const auto other = others.start(0);
    peer_node one{"one"};
    const auto peer = one.link(other.port);
    CHECK(one.name_of(peer) == "process");
    const auto start = clock_type::now();
    others.kill(other);
    CHECK(one.self().goes_down(peer));
    CHECK(clock_type::now() - start < 1s);
    CHECK(eventually(
      [&] { return one.dial(other.port) == caf::error{errc::unreachable}; }));
  }

  TEST_CASE("is told when a peer that dialled us is killed") {
    peer_processes others;
    peer_node one{"one"};
    const auto other = others.start(one.port());
    const auto peer = one.link(other.port);
    CHECK(one.name_of(peer) == "process");
    CHECK(links_at(one.port()) == 1);
    others.kill(other);
    CHECK(one.self().goes_down(peer));
    CHECK(eventually(
      [&] { return one.dial(other.port) == caf::error{errc::unreachable}; }));
    CHECK(links_at(one.port()) == 0);
  }

  TEST_CASE("dials anew after the socket was cut") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto peer = one.link(two.port());
    cut_links_at(two.port());
    REQUIRE(one.self().goes_down(peer));
    const auto again = fresh_link(one, two.port());
    CHECK(one.name_of(again) == "two");
    const auto back = fresh_link(two, one.port());
    CHECK(two.name_of(back) == "one");
    CHECK(links_at(one.port()) + links_at(two.port()) == 1);
  }

  TEST_CASE("forgets a peer whose actor ends, and its link") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto peer = one.link(two.port());
    caf::anon_send_exit(two.own(), caf::exit_reason::user_shutdown);
    REQUIRE(one.self().goes_down(peer));
    CHECK(eventually([&] { return links_at(two.port()) == 0; }));
  }
}
