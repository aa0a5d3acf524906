#include "messages/repeated_log.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/raw_peer.hpp"
#include "tests/wire/link/peer_fixture.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <random>
#include <span>
#include <vector>

using namespace kvc;
using namespace kvc::test;

namespace {

using clock_type = std::chrono::steady_clock;

/// How long a handshake may take where a test waits for the deadline.
constexpr auto short_deadline = 150ms;

std::size_t resident_kib() {
  std::ifstream file{"/proc/self/statm"};
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * 4;
}

/// Killers and oversizes: what brings a plain BASP port down.
std::vector<bytes> killers() {
  std::vector<bytes> result;
  for (const auto type : bytes{0, 1, 2, 3, 4, 5, 7, 255})
    for (const std::uint32_t length : {0U, 0xFFFFFFF0U, 0x80000000U, 16777217U})
      result.push_back(basp_header(type, length));
  return result;
}

struct target_options {
  std::string secret = {};
  std::chrono::milliseconds handshake_timeout{2000};
};

/// A controller's port for workers.
class controller_port {
 public:
  explicit controller_port(const target_options& options = {})
      : secret_(options.secret),
        server_({.secret = options.secret,
                 .handshake_timeout = options.handshake_timeout}) {}

  std::uint16_t number() const { return server_.port(); }

  /// Returns whether an honest worker gets a link that works.
  bool serves() const { return dials(server_, secret_); }

 private:
  std::string secret_;
  server server_;
};

/// A worker's port for peers.
class peer_port {
 public:
  explicit peer_port(const target_options& options = {})
      : secret_(options.secret),
        node_("target", {.secret = options.secret,
                         .handshake_timeout = options.handshake_timeout}) {}

  std::uint16_t number() const { return node_.port(); }

  /// Returns whether an honest peer gets a link that works.
  bool serves() const {
    peer_node guest{"guest", {.secret = secret_}};
    return guest.name_of(fresh_link(guest, number())) == "target";
  }

 private:
  std::string secret_;
  peer_node node_;
};

}  // namespace

TYPE_TO_STRING(controller_port);
TYPE_TO_STRING(peer_port);

TEST_SUITE("hostile") {
  TEST_CASE_TEMPLATE("closes on a wrong first byte at once", Target,
                     controller_port, peer_port) {
    Target target{{.handshake_timeout = 1h}};
    const raw_peer peer{target.number()};
    REQUIRE(peer.send("x"));
    CHECK(peer.sees_close());
    const raw_peer browser{target.number()};
    REQUIRE(browser.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    CHECK(browser.sees_close());
    CHECK(target.serves());
  }

  TEST_CASE_TEMPLATE("survives random bytes", Target, controller_port,
                     peer_port) {
    Target target{{.handshake_timeout = short_deadline}};
    std::minstd_rand random{7};
    for (int i = 0; i < 300; ++i) {
      const raw_peer peer{target.number()};
      bytes junk(1 + random() % 2000);
      std::generate(junk.begin(), junk.end(),
                    [&] { return static_cast<std::uint8_t>(random()); });
      peer.send(junk);
    }
    CHECK(target.serves());
  }

  TEST_CASE_TEMPLATE("survives mutations of a good handshake", Target,
                     controller_port, peer_port) {
    Target target{{.secret = "s", .handshake_timeout = short_deadline}};
    std::minstd_rand random{11};
    const auto flip = [&](std::span<std::uint8_t> field) {
      const auto bit = random() % (field.size() * 8);
      field[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
      return bit / 8;
    };
    for (int i = 0; i < 300; ++i) {
      const raw_peer peer{target.number()};
      auto hello = make_client_hello(make_process_id("raw"));
      const auto hits_hello = random() % 2 == 0;
      const auto hits_preamble = hits_hello && flip(hello) < preamble_bytes;
      server_hello answer{};
      REQUIRE(peer.send(hello));
      if (hits_preamble) {
        CHECK(peer.sees_close());
        continue;
      }
      REQUIRE(peer.receive(answer));
      auto proof = make_client_proof(hello, answer, "s");
      if (!hits_hello)
        flip(proof);
      std::array<std::uint8_t, 1> last{};
      REQUIRE(peer.send(proof));
      REQUIRE(peer.receive(last));
      // Nonce and process id are the client's own choice, which it proves.
      CHECK(last[0] == static_cast<std::uint8_t>(hits_hello
                                                   ? verdict::accepted
                                                   : verdict::unauthorized));
    }
    CHECK(target.serves());
  }

  TEST_CASE_TEMPLATE("survives killer packets before the handshake", Target,
                     controller_port, peer_port) {
    Target target;
    for (const auto& packet : killers()) {
      const raw_peer peer{target.number()};
      REQUIRE(peer.send(packet));
      CHECK(peer.sees_close());
    }
    CHECK(target.serves());
  }

  TEST_CASE_TEMPLATE("survives killer packets from an authenticated peer",
                     Target, controller_port, peer_port) {
    Target target{{.secret = "s"}};
    const auto before = resident_kib();
    for (const auto& packet : killers()) {
      const raw_peer peer{target.number()};
      REQUIRE(peer.authenticate("s"));
      REQUIRE(peer.send(packet));
      CHECK(peer.sees_close());
    }
    CHECK(resident_kib() < before + 65536);
    CHECK(target.serves());
  }

  TEST_CASE_TEMPLATE("survives junk from an authenticated peer", Target,
                     controller_port, peer_port) {
    Target target{{.secret = "s", .handshake_timeout = short_deadline}};
    std::minstd_rand random{13};
    for (int i = 0; i < 40; ++i) {
      const raw_peer peer{target.number()};
      REQUIRE(peer.authenticate("s"));
      auto packet =
        basp_header(1, static_cast<std::uint32_t>(1 + random() % 200));
      packet.resize(32 + random() % 300);
      std::generate(packet.begin() + 32, packet.end(),
                    [&] { return static_cast<std::uint8_t>(random()); });
      peer.send(packet);
      CHECK(peer.sees_close());
    }
    CHECK(target.serves());
  }

  TEST_CASE("lets an honest peer in among 2,000 connections of junk") {
    server controller{{.handshake_timeout = 1h}};
    client worker{controller.port(), ""};
    const auto before = open_descriptors();
    std::vector<raw_peer> junk;
    junk.reserve(400);
    for (int i = 0; i < 400; ++i)
      junk.emplace_back(controller.port());  // Idle ones fill all the places.
    std::atomic<bool> is_done = false;
    std::thread flood{[&] {
      for (int i = 0; i < 2000 && !is_done; ++i) {
        const raw_peer peer{controller.port()};
        peer.send("kvc\xCA but not more");
      }
    }};
    const auto start = clock_type::now();
    const auto registrar = worker.dial();
    const auto took = clock_type::now() - start;
    is_done = true;
    flood.join();
    REQUIRE(registrar);
    CHECK(worker.works(*registrar));
    CHECK(took < 1s);
    // Of the idle ones, only the newest 256 may still be there.
    CHECK(eventually([&] { return open_descriptors() <= before + 400 + 260; }));
  }

  TEST_CASE_TEMPLATE("leaks no descriptors", Target, controller_port,
                     peer_port) {
    Target target{{.secret = "s", .handshake_timeout = short_deadline}};
    const auto before = open_descriptors();
    for (int i = 0; i < 50; ++i) {
      const raw_peer junk{target.number()};
      junk.send("junk");
      const raw_peer silent{target.number()};
      const raw_peer known{target.number()};
      known.authenticate("s");
    }
    CHECK(eventually([&] { return open_descriptors() <= before; }));
  }

  TEST_CASE("goes on after the process ran out of descriptors") {
    end_repeated();  // Of other tests.
    const log_capture log;
    server controller;
    rlimit before{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    // The highest descriptor is the next one: only the peer's own is left.
    const auto next = ::dup(0);
    ::close(next);
    auto tight = before;
    tight.rlim_cur = static_cast<rlim_t>(next) + 1;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &tight) == 0);
    const raw_peer peer{controller.port()};
    peer.set_patience(1);
    const auto is_waiting =
      peer.is_connected() && peer.send("x") && !peer.sees_close();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
    peer.set_patience(20);
    CHECK(is_waiting);
    CHECK(peer.sees_close());
    CHECK(dials(controller, ""));
    CHECK(log.lines_with("link: cannot accept, trying again").size() == 1);
  }
}
