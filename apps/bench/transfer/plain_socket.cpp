#include "apps/bench/transfer/plain_socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>

namespace kvc {

namespace {

// The best of 256 KiB to 8 MiB on the machine that it was written on.
constexpr int socket_buffer_bytes = 4 << 20;
constexpr std::size_t call_bytes = std::size_t{1} << 20U;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return result;
}

/// Buffers must be set before the connection is made.
file_descriptor make_socket() {
  file_descriptor result{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  for (const auto option : {SO_SNDBUF, SO_RCVBUF})
    ::setsockopt(result.get(), SOL_SOCKET, option, &socket_buffer_bytes,
                 sizeof socket_buffer_bytes);
  const int yes = 1;
  ::setsockopt(result.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return result;
}

bool send_all(int fd, const void* data, std::size_t length) {
  const auto* at = static_cast<const std::byte*>(data);
  while (length > 0) {
    const auto sent =
      ::send(fd, at, std::min(length, call_bytes), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    at += sent;
    length -= static_cast<std::size_t>(sent);
  }
  return true;
}

bool receive_all(int fd, void* data, std::size_t length) {
  auto* at = static_cast<std::byte*>(data);
  while (length > 0) {
    const auto received = ::recv(fd, at, std::min(length, call_bytes), 0);
    if (received <= 0)
      return false;
    at += received;
    length -= static_cast<std::size_t>(received);
  }
  return true;
}

}  // namespace

file_descriptor plain_listen(std::uint16_t& port) {
  auto result = make_socket();
  auto address = loopback(0);
  socklen_t length = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  if (::bind(result.get(), plain, length) != 0 ||
      ::listen(result.get(), 8) != 0 ||
      ::getsockname(result.get(), plain, &length) != 0)
    return {};
  port = ntohs(address.sin_port);
  return result;
}

void plain_serve(const file_descriptor& listener,
                 std::span<const std::byte> memory) {
  while (true) {
    const file_descriptor connection{
      ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!connection)
      return;
    plain_piece piece;
    while (
      receive_all(connection.get(), &piece, sizeof piece) &&
      send_all(connection.get(), memory.data() + piece.offset, piece.length)) {
    }
  }
}

file_descriptor plain_connect(std::uint16_t port) {
  auto result = make_socket();
  const auto address = loopback(port);
  if (::connect(result.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0)
    return {};
  return result;
}

bool plain_read(const file_descriptor& connection,
                std::span<const plain_piece> pieces,
                std::span<std::byte> memory) {
  if (!send_all(connection.get(), pieces.data(), pieces.size_bytes()))
    return false;
  return std::all_of(pieces.begin(), pieces.end(), [&](const auto& x) {
    return receive_all(connection.get(), memory.data() + x.offset, x.length);
  });
}

}  // namespace kvc
