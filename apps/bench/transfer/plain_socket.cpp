#include "apps/bench/transfer/plain_socket.hpp"

#include "apps/bench/loopback_socket.hpp"

#include <sys/socket.h>

#include <algorithm>

namespace kvc {

namespace {

// The best of 256 KiB to 8 MiB on the machine that it was written on.
constexpr int socket_buffer_bytes = 4 << 20;
constexpr std::size_t call_bytes = std::size_t{1} << 20U;

/// Buffers must be set before the connection is made.
file_descriptor make_socket() {
  auto result = new_socket();
  for (const auto option : {SO_SNDBUF, SO_RCVBUF})
    ::setsockopt(result.get(), SOL_SOCKET, option, &socket_buffer_bytes,
                 sizeof socket_buffer_bytes);
  send_without_delay(result);
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
  if (!listen_on(result, 0))
    return {};
  port = port_of(result);
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
  if (!connect_to(result, port))
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
