#pragma once

#include "tests/support/raw_peer.hpp"

#include <doctest/doctest.h>

#include <string_view>
#include <thread>

namespace kvc::test {

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

/// Accepts one connection after the other and lets `behavior` play the server.
class fake_server {
 public:
  template <class Behavior>
  explicit fake_server(Behavior behavior) {
    thread_ = std::thread{[this, behavior] {
      int fd = -1;
      while ((fd = ::accept(listener_.fd(), nullptr, nullptr)) >= 0)
        behavior(raw_peer::adopt(fd));
    }};
  }

  ~fake_server() {
    ::shutdown(listener_.fd(), SHUT_RDWR);
    thread_.join();
  }

  std::uint16_t port() const { return listener_.port(); }

 private:
  silent_port listener_{8};
  std::thread thread_;
};

/// Does the server's side of our handshake.
inline bool welcome_client(const raw_peer& peer, std::string_view secret,
                           const address_bytes& seen_at = {}) {
  client_hello hello{};
  link_proof proof{};
  if (!peer.receive(hello))
    return false;
  const auto answer =
    make_server_hello(hello, make_process_id("fake"), secret, seen_at);
  const auto yes = static_cast<std::uint8_t>(verdict::accepted);
  return peer.send(answer) && peer.receive(proof) &&
         is_client_proven(hello, answer, proof, secret) &&
         peer.send(byte_span{&yes, 1});
}

}  // namespace kvc::test
