#pragma once

#include "net/link/handshake.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvc::test {

using bytes = std::vector<std::uint8_t>;

/// Returns a BASP header of type `type` that announces `length` bytes.
inline bytes basp_header(std::uint8_t type, std::uint32_t length) {
  bytes result(32, 0);
  result[0] = type;
  for (std::size_t i = 0; i < 4; ++i)
    result[4 + i] = static_cast<std::uint8_t>(length >> (24 - 8 * i));
  return result;
}

/// A blocking TCP client without manners. Its reads give up after a while.
class raw_peer {
 public:
  explicit raw_peer(std::uint16_t port)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address),
                              sizeof address) == 0;
    set_patience(20);
  }

  /// Takes over an accepted connection.
  static raw_peer adopt(int fd) { return raw_peer{adopted{fd}}; }

  raw_peer(raw_peer&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), is_connected_(other.is_connected_) {}

  ~raw_peer() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  bool is_connected() const { return is_connected_; }

  void set_patience(int seconds) const {
    const timeval timeout{seconds, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  }

  bool send(byte_span packet) const {
    return ::send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(packet.size());
  }

  bool send(std::string_view text) const {
    return send(byte_span{reinterpret_cast<const std::uint8_t*>(text.data()),
                          text.size()});
  }

  /// Reads until `target` is full; false if the peer closes before.
  bool receive(std::span<std::uint8_t> target) const {
    return ::recv(fd_, target.data(), target.size(), MSG_WAITALL) ==
           static_cast<ssize_t>(target.size());
  }

  /// Reads what is there, and waits if there is nothing. Returns how many
  /// bytes; 0 if the peer has closed.
  std::size_t receive_some(std::span<std::uint8_t> target) const {
    const auto count = ::recv(fd_, target.data(), target.size(), 0);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  /// Reads until the peer closes; false if it does not within the patience.
  bool sees_close() const {
    std::array<std::uint8_t, 4096> buffer{};
    ssize_t count = 0;
    while ((count = ::recv(fd_, buffer.data(), buffer.size(), 0)) > 0)
      continue;
    return count == 0 || errno == ECONNRESET;
  }

  /// Tells the peer that nothing more comes.
  void finish() const { ::shutdown(fd_, SHUT_WR); }

  /// Does the client's side of our handshake; false if it is refused.
  bool authenticate(std::string_view secret,
                    const process_id& self = make_process_id("raw")) const {
    const auto hello = make_client_hello(self);
    server_hello answer{};
    std::array<std::uint8_t, 1> last{};
    return send(hello) && receive(answer) &&
           send(make_client_proof(hello, answer, secret)) && receive(last) &&
           last[0] == static_cast<std::uint8_t>(verdict::accepted);
  }

 private:
  struct adopted {
    int fd;
  };

  explicit raw_peer(adopted socket) : fd_(socket.fd), is_connected_(true) {
    set_patience(20);
  }

  int fd_;
  bool is_connected_ = false;
};

}  // namespace kvc::test
