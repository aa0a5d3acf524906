#pragma once

#include "actors/codec/codec.hpp"
#include "messages/peer.hpp"

#include <cstddef>
#include <span>

namespace kvc {

/// Returns whether chunks of two formats can be kept as the same. What one of
/// them does not know is no difference.
bool are_alike(const chunk_format& x, const chunk_format& y);

/// Returns whether a lease's `chunk` agrees with itself and with the `format`
/// that its lease names.
bool is_consistent(const leased_chunk& chunk, const chunk_format& format);

/// Returns whether the bytes that came for `chunk` are what its lease says, as
/// far as their own header tells.
bool is_as_leased(std::span<const std::byte> bytes, const leased_chunk& chunk,
                  const chunk_format& format);

}  // namespace kvc
