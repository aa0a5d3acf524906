#include "tests/support/fake_server.hpp"
#include "tests/support/ipv6.hpp"
#include "tests/wire/link/peer_fixture.hpp"

#include <atomic>
#include <thread>

using namespace kvc;
using namespace kvc::test;

namespace {

using clock_type = std::chrono::steady_clock;

/// Returns how a dial from `dialler` to `port` fails, without the address.
std::string failure_at(peer_node& dialler, std::uint16_t port) {
  auto result = dialler.failure(port);
  const auto address = "127.0.0.1:" + std::to_string(port) + ": ";
  const auto at = result.find(address);
  return at == std::string::npos ? result : result.erase(at, address.size());
}

}  // namespace

TEST_SUITE("peer_links") {
  TEST_CASE("dials a peer, and answers the peer's dial with the same link") {
    peer_node one{"one", {.secret = "s"}};
    peer_node two{"two", {.secret = "s"}};
    const auto peer = one.dial(two.port());
    REQUIRE(peer);
    CHECK(one.name_of(*peer) == "two");
    const auto back = two.dial(one.port());
    REQUIRE(back);
    CHECK(two.name_of(*back) == "one");
    CHECK(eventually([&] { return links_at(one.port()) == 0; }));
    CHECK(links_at(two.port()) == 1);
  }

  TEST_CASE("carries what peers ask each other") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto peer = one.link(two.port());
    lease_chunks request;
    request.owner = {"instance", 1};
    request.hashes.keys = {1, 2, 0xFFFFFFFFFFFFFFFF};
    request.max_chunks = 3;
    request.valid_for = 1234ms;
    const auto lease = one.self().ask<chunk_lease>(peer, request);
    REQUIRE(lease);
    CHECK(lease->lease_id == 3);
    CHECK(lease->valid_for == 1234ms);
    REQUIRE(lease->chunks.size() == 3);
    CHECK(lease->chunks[2].hash == 0xFFFFFFFFFFFFFFFF);
    const auto term = one.self().ask<lease_term>(
      peer, renew_chunk_lease{{"instance", 1}, 3, 77ms});
    REQUIRE(term);
    CHECK(term->valid_for == 77ms);
    const auto report = one.self().ask<surrender_report>(
      peer, surrender_chunks{{"instance", 1}, 5, {}});
    REQUIRE(report);
    CHECK(report->dropped == 7);
  }

  TEST_CASE("makes one link with a process of several ports") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto second = two.listen();
    const auto third = two.listen();
    caf::scoped_actor self{one.self().system()};
    for (const auto port : {two.port(), second, third, second})
      self->send(one.links().dialer(), dial_peer{"127.0.0.1", port});
    std::vector<caf::actor_addr> answers;
    for (int i = 0; i < 4; ++i)
      self->receive(
        [&](const peer_actor& peer) { answers.push_back(peer.address()); },
        [&](const caf::error& why) { FAIL(describe(why)); },
        caf::after(patience) >> [] { FAIL("no answer"); });
    CHECK(answers == std::vector(4, one.link(third).address()));
    CHECK(answers[0] == two.own().address());
    CHECK(eventually([&] {
      return links_at(two.port()) + links_at(second) + links_at(third) == 1;
    }));
  }

  TEST_CASE("answers a dial to ourselves with our own actor") {
    peer_node one{"one"};
    const auto second = one.listen();
    for (const auto port : {one.port(), second, one.port()}) {
      const auto peer = one.dial(port);
      REQUIRE(peer);
      CHECK(*peer == one.own());
    }
    CHECK(eventually([&] { return links_at(one.port()) == 0; }));
  }

  TEST_CASE("shares one attempt between dials that meet") {
    std::atomic<int> connections = 0;
    fake_server server{[&](const raw_peer& peer) {
      ++connections;
      client_hello hello{};
      peer.receive(hello);
      std::this_thread::sleep_for(50ms);
    }};
    peer_node one{"one"};
    caf::scoped_actor self{one.self().system()};
    for (int i = 0; i < 50; ++i)
      self->send(one.links().dialer(), dial_peer{"127.0.0.1", server.port()});
    for (int i = 0; i < 50; ++i)
      self->receive([&](const peer_actor&) { FAIL("linked"); },
                    [&](const caf::error& why) {
                      CHECK(why == caf::error{errc::unreachable});
                    },
                    caf::after(patience) >> [] { FAIL("no answer"); });
    CHECK(connections == 1);
  }

  TEST_CASE("tells different secrets apart, whoever dials") {
    peer_node one{"one", {.secret = "right"}};
    peer_node two{"two", {.secret = "wrong"}};
    CHECK(failure_at(one, two.port()) ==
          "unauthorized: the peer has another secret");
    CHECK(failure_at(two, one.port()) ==
          "unauthorized: the peer has another secret");
  }

  TEST_CASE("tells a peer of another version") {
    fake_server server{[](const raw_peer& peer) {
      client_hello hello{};
      auto answer = make_version_refusal();
      answer[6] = 2;
      if (peer.receive(hello))
        peer.send(answer);
    }};
    peer_node one{"one"};
    CHECK(one.dial(server.port()) == caf::error{errc::version_mismatch});
  }

  TEST_CASE("refuses what is no target") {
    peer_node one{"one"};
    CHECK(one.failure(0) == "unreachable: no host and port to dial");
    CHECK(one.dial(1, "") == caf::error{errc::unreachable});
    CHECK(one.dial(1, std::string(256, 'x')) == caf::error{errc::unreachable});
  }

  TEST_CASE("knows a peer under every form of its address") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto peer = one.link(two.port());
    CHECK(one.dial(two.port(), "::ffff:127.0.0.1") == peer);
    if (!has_ipv6_loopback())
      return;
    const auto port = two.listen("::1");
    const auto again = one.dial(port, "[0:0::1]");
    CHECK(again == peer);
    CHECK(links_at(two.port()) == 1);
    peer_node three{"three"};
    const auto from_three = three.dial(port, "::1");
    REQUIRE(from_three);
    CHECK(three.name_of(*from_three) == "two");
  }

  TEST_CASE("reports a port where nobody listens") {
    peer_node one{"one"};
    const silent_port closed{-1};
    CHECK(failure_at(one, closed.port()) == "unreachable: Connection refused");
  }

  TEST_CASE("reports a peer that accepts and is silent, in time") {
    peer_node one{"one", {.handshake_timeout = 100ms}};
    const silent_port silent{8};
    CHECK(failure_at(one, silent.port()) ==
          "timed_out: waiting for the handshake");
  }

  TEST_CASE("reports a busy port and goes on") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto port = one.links().listen("127.0.0.1", two.port());
    REQUIRE_FALSE(port);
    CHECK(describe(port.error()) == "unreachable: cannot listen on 127.0.0.1:" +
                                      std::to_string(two.port()) +
                                      ": Address already in use");
    CHECK(one.name_of(one.link(two.port())) == "two");
  }

  TEST_CASE("has no more peers than it may") {
    peer_node one{"one", {.max_peers = 1}};
    peer_node two{"two"};
    peer_node three{"three"};
    const auto peer = one.link(two.port());
    CHECK(one.dial(three.port()) == caf::error{errc::not_ready});
    CHECK(three.dial(one.port()) == caf::error{errc::unreachable});
    CHECK(one.name_of(peer) == "two");
    two.stop();
    REQUIRE(one.self().goes_down(peer));
    CHECK(one.name_of(one.link(three.port())) == "three");
  }

  TEST_CASE("dials names") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto peer = one.dial(two.port(), "localhost");
    REQUIRE(peer);
    CHECK(one.name_of(*peer) == "two");
    CHECK(one.link(two.port()) == *peer);
  }

  TEST_CASE("fails dials that wait when it stops") {
    peer_node one{"one", {.handshake_timeout = 1h}};
    const silent_port silent{8};
    caf::scoped_actor self{one.self().system()};
    self->send(one.links().dialer(), dial_peer{"127.0.0.1", silent.port()});
    const auto fd = ::accept(silent.fd(), nullptr, nullptr);
    const auto start = clock_type::now();
    one.stop();
    self->receive([&](const peer_actor&) { FAIL("linked"); },
                  [&](const caf::error& why) {
                    CHECK(why == caf::error{errc::unreachable});
                  },
                  caf::after(patience) >> [] { FAIL("no answer"); });
    CHECK(clock_type::now() - start < 1s);
    CHECK(raw_peer::adopt(fd).sees_close());
    CHECK(one.links().dialer() == nullptr);
    CHECK_FALSE(one.links().listen("127.0.0.1", 0));
  }

  TEST_CASE("cuts its links when it stops") {
    peer_node one{"one"};
    peer_node two{"two"};
    const auto peer = one.link(two.port());
    const auto back = two.link(one.port());
    one.links().stop();
    CHECK(two.self().goes_down(back));
    CHECK(one.self().goes_down(peer));
    CHECK(eventually([&] { return links_at(two.port()) == 0; }));
    CHECK(two.dial(one.port()) == caf::error{errc::unreachable});
  }
}
