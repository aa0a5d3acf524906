#pragma once

#include <cstddef>
#include <span>

namespace kvc {

/// Writes to `to` the first byte of every number in `from`, then the second
/// byte of every number, and so on. A number has `width` bytes: 1, 2, 4 or 8.
/// Bytes of an incomplete last number stay at the end. `to` has the size of
/// `from`.
void shuffle_bytes(std::span<const std::byte> from, std::span<std::byte> to,
                   std::size_t width);

/// Undoes shuffle_bytes.
void unshuffle_bytes(std::span<const std::byte> from, std::span<std::byte> to,
                     std::size_t width);

}  // namespace kvc
