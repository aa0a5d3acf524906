#include "apps/bench/loopback_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace kvc {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return result;
}

}  // namespace

file_descriptor new_socket() {
  return file_descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
}

bool listen_on(const file_descriptor& socket, std::uint16_t port) {
  const int on = 1;
  const auto address = loopback(port);
  return ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ==
           0 &&
         ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof address) == 0 &&
         ::listen(socket.get(), SOMAXCONN) == 0;
}

std::uint16_t port_of(const file_descriptor& listener) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

bool connect_to(const file_descriptor& socket, std::uint16_t port) {
  const auto address = loopback(port);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                   sizeof address) == 0;
}

void send_without_delay(const file_descriptor& socket) {
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace kvc
