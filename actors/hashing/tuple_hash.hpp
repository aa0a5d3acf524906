#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

/// The steps of CPython's tuple hash, a variant of xxHash.
namespace kvc::tuple_hash {

inline constexpr std::uint64_t prime_1 = 11400714785074694791U;
inline constexpr std::uint64_t prime_2 = 14029467366897019727U;
inline constexpr std::uint64_t prime_5 = 2870177450012600261U;
inline constexpr int rotation = 31;

/// Returns the accumulator after one more element, whose hash is `lane`.
constexpr std::uint64_t add(std::uint64_t accumulator, std::uint64_t lane) {
  return std::rotl(accumulator + lane * prime_2, rotation) * prime_1;
}

/// Returns the hash of a tuple of `count` elements.
constexpr std::uint64_t finish(std::uint64_t accumulator, std::uint64_t count) {
  const auto result = accumulator + (count ^ (prime_5 ^ 3527539U));
  return result == UINT64_MAX ? 1546275796U : result;
}

/// Hashes the tuples of as many chunks as suit AVX-512, 16 at a time, from the
/// first one on; writes to `hashes` and returns how many these were. None where
/// the processor cannot, or `chunk_size` is not a multiple of 16.
std::size_t hash_with_avx512(const std::uint32_t* tokens,
                             std::size_t chunk_size, std::size_t chunk_count,
                             std::uint64_t* hashes);

}  // namespace kvc::tuple_hash
