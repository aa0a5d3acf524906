#include "tests/wire/link/link_fixture.hpp"
#include "tests/wire/link/raw_peer.hpp"

#include <caf/send.hpp>

using namespace kvc;
using namespace kvc::test;

namespace {

using clock_type = std::chrono::steady_clock;

/// A TCP port that is bound; it listens only if asked to, and never speaks.
class silent_port {
 public:
  explicit silent_port(int backlog)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    if (backlog >= 0)
      REQUIRE(::listen(fd_, backlog) == 0);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
  }

  ~silent_port() { ::close(fd_); }

  silent_port(const silent_port&) = delete;
  silent_port& operator=(const silent_port&) = delete;

  std::uint16_t port() const { return port_; }
  int fd() const { return fd_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

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
}
