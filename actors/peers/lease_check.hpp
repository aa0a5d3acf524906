#pragma once

#include "actors/codec/codec.hpp"
#include "messages/peer.hpp"

#include <cstddef>
#include <span>

namespace kvc {

/// Returns whether one store can keep chunks of both formats. What a format
/// leaves open fits everything.
bool are_alike(const chunk_format& x, const chunk_format& y);

/// Returns whether the sizes that a lease names for `chunk` agree with each
/// other and with the lease's `format`.
bool is_consistent(const leased_chunk& chunk, const chunk_format& format);

/// Returns whether the bytes that came for `chunk` are what its lease says.
/// Only the header of compressed bytes can tell; other bytes pass.
bool is_as_leased(std::span<const std::byte> bytes, const leased_chunk& chunk,
                  const chunk_format& format);

}  // namespace kvc
