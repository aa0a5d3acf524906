#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kvc {

/// Fills `chunk` with the bytes that rank `rank` has for the chunk `hash`. Only
/// equal arguments give equal bytes. They compress as real ones do: read as
/// bfloat16 they are numbers from 0.5 to 2 with a noisy lower byte.
void make_up_chunk(std::span<std::byte> chunk, std::uint64_t hash,
                   std::uint32_t rank);

/// Returns how many bytes of `chunk` are not as make_up_chunk writes them.
std::size_t count_wrong_bytes(std::span<const std::byte> chunk,
                              std::uint64_t hash, std::uint32_t rank);

}  // namespace kvc
