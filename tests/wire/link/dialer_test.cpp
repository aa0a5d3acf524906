#include "net/link/dialer.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/wire/link/link_fixture.hpp"

#include <caf/send.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

using namespace kvc;
using namespace kvc::test;

namespace {

using clock_type = std::chrono::steady_clock;

/// Returns how a dial to `controller` fails, without the address.
std::string failure_with(const fake_server& controller,
                         std::string secret = "") {
  client worker{controller.port(), std::move(secret)};
  auto result = worker.failure();
  const auto address = "127.0.0.1:" + std::to_string(controller.port()) + ": ";
  const auto at = result.find(address);
  return at == std::string::npos ? result : result.erase(at, address.size());
}

}  // namespace

TEST_SUITE("dialer") {
  TEST_CASE("reports a closed port at once") {
    silent_port closed{-1};
    client worker{closed.port(), ""};
    CHECK(worker.failure() ==
          "unreachable: 127.0.0.1:" + std::to_string(closed.port()) +
            ": Connection refused");
  }

  TEST_CASE("reports a peer that accepts and is silent") {
    silent_port silent{8};
    client worker{
      {.host = "127.0.0.1", .port = silent.port(), .handshake_timeout = 100ms}};
    CHECK(worker.failure() ==
          "timed_out: 127.0.0.1:" + std::to_string(silent.port()) +
            ": waiting for the handshake");
  }

  TEST_CASE("reports a name that nobody has") {
    client worker{{.host = "nobody.invalid", .port = 9001}};
    const auto result = worker.dial();
    REQUIRE_FALSE(result);
    // Without a name server it may take too long to know.
    CHECK((result == caf::error{errc::unreachable} ||
           result == caf::error{errc::timed_out}));
  }

  TEST_CASE("reports a connection that does not come about") {
    silent_port full{0};
    const raw_peer first{full.port()};  // Fills the only place in the queue.
    client worker{
      {.host = "127.0.0.1", .port = full.port(), .connect_timeout = 100ms}};
    CHECK(worker.failure() == "timed_out: 127.0.0.1:" +
                                std::to_string(full.port()) + ": connecting");
  }

  TEST_CASE("ends in the middle of connecting") {
    silent_port full{0};
    const raw_peer first{full.port()};
    auto worker = std::make_unique<client>(connector_options{
      .host = "127.0.0.1", .port = full.port(), .connect_timeout = 1h});
    caf::anon_send(worker->actor(), dial{});
    std::this_thread::sleep_for(20ms);  // Well into connecting.
    const auto start = clock_type::now();
    worker.reset();
    CHECK(clock_type::now() - start < 1s);
  }

  TEST_CASE("ends in the middle of the handshake") {
    silent_port silent{8};
    auto worker = std::make_unique<client>(connector_options{
      .host = "127.0.0.1", .port = silent.port(), .handshake_timeout = 1h});
    caf::anon_send(worker->actor(), dial{});
    const auto fd = ::accept(silent.fd(), nullptr, nullptr);
    const auto start = clock_type::now();
    worker.reset();
    CHECK(clock_type::now() - start < 1s);
    ::close(fd);
  }

  TEST_CASE("refuses a server that cannot prove the secret") {
    fake_server controller{
      [](const raw_peer& peer) { welcome_client(peer, "guessed"); }};
    CHECK(failure_with(controller, "secret") ==
          "unauthorized: the peer has another secret");
  }

  TEST_CASE("reports that the server refused") {
    fake_server controller{[](const raw_peer& peer) {
      client_hello hello{};
      link_proof proof{};
      const auto no = static_cast<std::uint8_t>(verdict::unauthorized);
      if (peer.receive(hello) &&
          peer.send(make_server_hello(hello, make_process_id("fake"), "")) &&
          peer.receive(proof))
        peer.send(byte_span{&no, 1});
    }};
    CHECK(failure_with(controller) ==
          "unauthorized: the peer refused our proof");
  }

  TEST_CASE("reports a server of another version") {
    fake_server controller{[](const raw_peer& peer) {
      client_hello hello{};
      auto answer = make_version_refusal();
      answer[6] = 2;
      if (peer.receive(hello))
        peer.send(answer);
    }};
    const auto ours = std::to_string(protocol_version);
    const auto theirs = std::to_string(0x200U + protocol_version);
    CHECK(failure_with(controller) ==
          "version_mismatch: the peer speaks version " + theirs + ", ours is " +
            ours);
  }

  TEST_CASE("reports a server that speaks something else") {
    fake_server controller{[](const raw_peer& peer) {
      peer.send("HTTP/1.1 400 Bad Request\r\n" + std::string(200, 'x'));
      peer.sees_close();
    }};
    CHECK(failure_with(controller) == "unreachable: not a kvc process");
  }

  TEST_CASE("reports a server that hangs up") {
    fake_server controller{[](const raw_peer& peer) {
      client_hello hello{};
      peer.receive(hello);
    }};
    CHECK(failure_with(controller) ==
          "unreachable: the peer closed the connection in the handshake");
  }

  TEST_CASE("reports an authenticated server that CAF never hears of") {
    std::atomic<bool> is_cut = false;
    fake_server controller{[&](const raw_peer& peer) {
      is_cut = welcome_client(peer, "") && peer.sees_close();
    }};
    client worker{
      {.host = "127.0.0.1", .port = controller.port(), .caf_timeout = 50ms}};
    CHECK(worker.dial() == caf::error{errc::timed_out});
    CHECK(eventually([&] { return is_cut.load(); }));
  }

  TEST_CASE("survives killer packets from an authenticated server") {
    for (const auto type : {0, 1, 2, 6, 255}) {
      std::atomic<int> cuts = 0;
      fake_server controller{[&](const raw_peer& peer) {
        std::array<std::uint8_t, 32> header{};
        header[0] = static_cast<std::uint8_t>(type);
        if (type % 2 == 0)
          header[4] = 0xFF;
        cuts +=
          welcome_client(peer, "") && peer.send(header) && peer.sees_close();
      }};
      client worker{controller.port(), ""};
      CHECK(worker.dial() == caf::error{errc::unreachable});
      CHECK(eventually([&] { return cuts == 2; }));  // It tries twice.
    }
  }

  TEST_CASE("gives way to a newer dialer of its process") {
    server controller;
    client worker{controller.port(), ""};
    const auto older = worker.link();
    const auto connector = std::make_shared<link_connector>(
      worker.self().system(),
      connector_options{.host = "127.0.0.1", .port = controller.port()});
    const auto newer = worker.self().system().spawn(dialer, connector);
    CHECK(eventually([&] {
      const auto registrar = worker.dial(dialer_actor{newer});
      return registrar && worker.works(*registrar);
    }));
    CHECK(worker.self().goes_down(older));
    connector->stop();
    caf::anon_send_exit(newer, caf::exit_reason::user_shutdown);
  }
}
