#pragma once

#include <cstddef>
#include <span>

namespace kvc {

/// Sorts the bytes of numbers of `width` bytes (1, 2, 4 or 8) by their place in
/// the number: all first ones, then all second ones, and so on. What is left of
/// the last number stays at the end. `to` has the size of `from`.
void shuffle_bytes(std::span<const std::byte> from, std::span<std::byte> to,
                   std::size_t width);

/// Undoes shuffle_bytes.
void unshuffle_bytes(std::span<const std::byte> from, std::span<std::byte> to,
                     std::size_t width);

}  // namespace kvc
