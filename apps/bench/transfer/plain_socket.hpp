#pragma once

#include "apps/bench/file_descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace kvc {

// The transport that one would write by hand: over one connection, a request of
// 16 bytes for each piece, which is answered by the bytes of the piece.

/// Such a request.
struct plain_piece {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// Returns a socket that listens at a free port of 127.0.0.1, and the port.
file_descriptor plain_listen(std::uint16_t& port);

/// Serves `memory` to one connection after the other, until the socket fails.
void plain_serve(const file_descriptor& listener,
                 std::span<const std::byte> memory);

file_descriptor plain_connect(std::uint16_t port);

/// Reads the pieces to the same offsets of `memory`. Returns whether all came.
bool plain_read(const file_descriptor& connection,
                std::span<const plain_piece> pieces,
                std::span<std::byte> memory);

}  // namespace kvc
