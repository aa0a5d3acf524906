#pragma once

#include "apps/bench/file_descriptor.hpp"

#include <cstdint>

namespace kvc {

/// Returns a TCP socket; none if there are no more.
file_descriptor new_socket();

/// Listens on `port` of 127.0.0.1, or on a free one if that is 0. Returns
/// whether it could.
bool listen_on(const file_descriptor& socket, std::uint16_t port);

/// Returns the port on which the socket listens.
std::uint16_t port_of(const file_descriptor& listener);

/// Connects to `port` of 127.0.0.1. Returns whether it could.
bool connect_to(const file_descriptor& socket, std::uint16_t port);

/// Lets the socket send at once what it is given.
void send_without_delay(const file_descriptor& socket);

}  // namespace kvc
