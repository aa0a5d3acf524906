#include "messages/repeated_log.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/support/raw_peer.hpp"
#include "tests/wire/link/link_fixture.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

using namespace kvc;
using namespace kvc::test;

namespace {

/// How long a handshake may take where a test waits for the deadline.
constexpr auto short_deadline = 150ms;

}  // namespace

TEST_SUITE("acceptor") {
  TEST_CASE("refuses another secret and says so") {
    server controller{{.secret = "right"}};
    for (const auto* secret : {"wrong", "", "right\n"}) {
      client worker{controller.port(), secret};
      CHECK(worker.failure() ==
            "unauthorized: 127.0.0.1:" + std::to_string(controller.port()) +
              ": the peer has another secret");
    }
    CHECK(dials(controller, "right"));
  }

  TEST_CASE("tells its owner who has another secret") {
    end_repeated();  // Of other tests.
    const log_capture log;
    std::mutex mutex;
    std::vector<refusal> told;
    const auto tell = [&](const refusal& link) {
      const std::lock_guard lock{mutex};
      told.push_back(link);
    };
    server controller{{.secret = "right", .on_refused = tell}};
    client worker{controller.port(), "wrong"};
    CHECK(worker.dial() == caf::error{errc::unauthorized});
    REQUIRE(eventually([&] {
      const std::lock_guard lock{mutex};
      return !told.empty();
    }));
    CHECK(told[0].id == worker_id{});
    CHECK(told[0].ip == "127.0.0.1");
    CHECK(told[0].reason == errc::unauthorized);
    CHECK(told[0].detail == "unauthorized: another secret");
    CHECK(dials(controller, "right"));
    controller.acceptor().stop();
    CHECK(told.size() == 1);
    CHECK(log.lines_with("reason=\"another secret\"").size() == 1);
  }

  TEST_CASE("tells its owner who is of another version, but not of junk") {
    std::vector<refusal> told;
    server controller{
      {.on_refused = [&](const refusal& link) { told.push_back(link); }}};
    const raw_peer stranger{controller.port()};
    stranger.send("GET / HTTP/1.1");
    CHECK(stranger.sees_close());
    const raw_peer early{controller.port()};
    early.send("kvc");
    const raw_peer peer{controller.port()};
    auto hello = make_client_hello(make_process_id("raw"));
    hello[7] = 1;
    REQUIRE(peer.send(hello));
    CHECK(peer.sees_close());
    controller.acceptor().stop();
    REQUIRE(told.size() == 1);
    CHECK(told[0].reason == errc::version_mismatch);
    CHECK(told[0].detail == "version_mismatch: version 1, ours is " +
                              std::to_string(protocol_version));
  }

  TEST_CASE("refuses a secret where there is none") {
    server controller;
    client worker{controller.port(), "secret"};
    CHECK(worker.dial() == caf::error{errc::unauthorized});
    CHECK(dials(controller, ""));
  }

  TEST_CASE("refuses a proof that is wrong and says so") {
    server controller{{.secret = "right"}};
    const raw_peer peer{controller.port()};
    const auto hello = make_client_hello(make_process_id("raw"));
    server_hello answer{};
    std::array<std::uint8_t, 1> last{};
    REQUIRE(peer.send(hello));
    REQUIRE(peer.receive(answer));
    CHECK(is_server_proven(hello, answer, "right"));
    REQUIRE(peer.send(make_client_proof(hello, answer, "wrong")));
    REQUIRE(peer.receive(last));
    CHECK(last[0] == static_cast<std::uint8_t>(verdict::unauthorized));
    CHECK(peer.sees_close());
  }

  TEST_CASE("tells a peer of another version its own") {
    server controller;
    const raw_peer peer{controller.port()};
    auto hello = make_client_hello(make_process_id("raw"));
    hello[7] = 9;
    server_hello answer{};
    REQUIRE(peer.send(hello));
    REQUIRE(peer.receive(answer));
    CHECK(answer == make_version_refusal());
    CHECK(peer.sees_close());
  }

  TEST_CASE("cuts half-open connections at the deadline") {
    server controller{{.handshake_timeout = short_deadline}};
    const auto hello = make_client_hello(make_process_id("raw"));
    for (const auto sent : std::vector<std::size_t>{0, 1, 7, 8, 9, 55, 56}) {
      const raw_peer peer{controller.port()};
      REQUIRE(peer.send(byte_span{hello}.first(sent)));
      CHECK(peer.sees_close());
    }
  }

  TEST_CASE("gives slow bytes no more time") {
    server controller{{.handshake_timeout = short_deadline}};
    const raw_peer peer{controller.port()};
    const auto hello = make_client_hello(make_process_id("raw"));
    std::size_t sent = 0;
    while (sent < hello.size() &&
           peer.send(byte_span{hello}.subspan(sent, 1))) {
      ++sent;
      std::this_thread::sleep_for(20ms);
    }
    CHECK(sent < hello.size());
  }

  TEST_CASE("cuts an authenticated peer that never speaks to CAF") {
    server controller{{.secret = "s", .handshake_timeout = short_deadline}};
    const raw_peer silent{controller.port()};
    REQUIRE(silent.authenticate("s"));
    CHECK(silent.sees_close());
    const raw_peer slow{controller.port()};
    REQUIRE(slow.authenticate("s"));
    REQUIRE(slow.send(basp_header(1, 32)));
    CHECK(slow.sees_close());
  }

  TEST_CASE("keeps a link beyond the deadline") {
    server controller{{.handshake_timeout = short_deadline}};
    client worker{controller.port(), ""};
    const auto registrar = worker.link();
    // Accepted after the link, so cut after the link's deadline has passed.
    const raw_peer peer{controller.port()};
    CHECK(peer.sees_close());
    CHECK(worker.works(registrar));
    CHECK(worker.link() == registrar);
  }

  TEST_CASE("stops while handshakes are pending") {
    server controller{{.secret = "s", .handshake_timeout = 1h}};
    const raw_peer idle{controller.port()};
    const raw_peer half{controller.port()};
    REQUIRE(half.send(
      byte_span{make_client_hello(make_process_id("raw"))}.first(30)));
    const raw_peer known{controller.port()};
    REQUIRE(known.authenticate("s"));
    controller.acceptor().stop();
    CHECK(idle.sees_close());
    CHECK(half.sees_close());
    CHECK(known.sees_close());
    CHECK_FALSE(raw_peer{controller.port()}.is_connected());
    controller.acceptor().stop();
  }

  TEST_CASE("replaces the older link of the same process") {
    server controller{{.secret = "s", .handshake_timeout = 1h}};
    const raw_peer older{controller.port()};
    REQUIRE(older.authenticate("s"));
    const raw_peer newer{controller.port()};
    REQUIRE(newer.authenticate("s"));
    CHECK(older.sees_close());
    newer.set_patience(1);
    CHECK_FALSE(newer.sees_close());
  }

  TEST_CASE("logs one line of many refusals, and their number") {
    end_repeated();  // Of other tests.
    const log_capture log;
    server controller;
    for (int i = 0; i < 50; ++i) {
      const raw_peer peer{controller.port()};
      peer.send("junk");
      CHECK(peer.sees_close());
    }
    controller.acceptor().stop();
    end_repeated();
    const auto lines = log.lines_with("link: refused ");
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].find("reason=\"not a kvc peer\" peer=127.0.0.1:") !=
          std::string::npos);
    CHECK(lines[1].find("reason=\"not a kvc peer\" ended count=50") !=
          std::string::npos);
  }

  TEST_CASE("warns if anyone may join") {
    const log_capture log;
    server open{{.host = "0.0.0.0"}};
    CHECK(log.lines_with("no secret is set").size() == 1);
    server guarded{{.host = "0.0.0.0", .secret = "s"}};
    server local;
    CHECK(log.lines_with("no secret is set").size() == 1);
  }

  TEST_CASE("cannot listen where somebody else does") {
    server first;
    node other;
    link_acceptor second{{.host = "127.0.0.1", .port = first.port()}};
    const auto port = second.start(other.system(), registrar_actor{});
    REQUIRE_FALSE(port);
    CHECK(describe(port.error()) == "unreachable: cannot listen on 127.0.0.1:" +
                                      std::to_string(first.port()) +
                                      ": Address already in use");
  }
}
