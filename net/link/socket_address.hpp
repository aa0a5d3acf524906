#pragma once

#include "config/host_address.hpp"
#include "net/link/handshake.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace kvc {

// The addresses of sockets, as others see them.

host_address to_host_address(const boost::asio::ip::address& address);
host_address to_host_address(const address_bytes& bytes);
host_and_port to_host_and_port(const boost::asio::ip::tcp::endpoint& endpoint);
address_bytes to_bytes(const boost::asio::ip::address& address);

/// Returns `address`, but instead of one of the loopback the one from which
/// this machine speaks to others, of the same family if it has any. Sends
/// nothing. Without a way to others, returns `address`.
boost::asio::ip::address away_from_loopback(
  const boost::asio::ip::address& address);

}  // namespace kvc
