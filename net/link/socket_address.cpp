#include "net/link/socket_address.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>

#include <sys/socket.h>

#include <array>
#include <utility>

namespace kvc {

namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

/// Returns the address from which this machine would speak to `other`;
/// unspecified if it cannot.
ip::address source_towards(const ip::address& other) {
  constexpr std::uint16_t discard = 9;
  boost::asio::io_context unused;
  ip::udp::socket socket{unused};
  error_code failure;
  const auto family = other.is_v6() ? ip::udp::v6() : ip::udp::v4();
  socket.assign(family, ::socket(family.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0),
                failure);
  // To connect a datagram socket sends nothing, but chooses the interface.
  if (!failure)
    socket.connect({other, discard}, failure);
  const auto local =
    failure ? ip::udp::endpoint{} : socket.local_endpoint(failure);
  return failure ? ip::address{} : local.address();
}

}  // namespace

host_address to_host_address(const ip::address& address) {
  return address.to_string();
}

host_address to_host_address(const address_bytes& bytes) {
  return ip::address_v6{bytes}.to_string();
}

host_and_port to_host_and_port(const ip::tcp::endpoint& endpoint) {
  return {to_host_address(endpoint.address()), endpoint.port()};
}

address_bytes to_bytes(const ip::address& address) {
  return address.is_v6()
           ? address.to_v6().to_bytes()
           : ip::make_address_v6(ip::v4_mapped, address.to_v4()).to_bytes();
}

ip::address away_from_loopback(const ip::address& address) {
  if (!to_host_address(address).is_loopback())
    return address;
  // Of the networks for documentation: they lie behind the default route.
  std::array others{ip::make_address("192.0.2.1"),
                    ip::make_address("2001:db8::1")};
  if (to_host_address(address).is_ipv6())
    std::swap(others[0], others[1]);
  for (const auto& other : others)
    if (auto source = source_towards(other);
        !source.is_unspecified() && !to_host_address(source).is_loopback())
      return source;
  return address;
}

}  // namespace kvc
