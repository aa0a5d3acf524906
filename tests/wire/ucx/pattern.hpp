#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace kvc::test {

/// Returns word `index` of a memory that was filled from `seed`; no two words
/// of all memories are alike.
constexpr std::uint64_t pattern_word(std::uint64_t seed, std::uint64_t index) {
  auto x = (seed << 40U) + index + 0x9e3779b97f4a7c15U;
  x = (x ^ x >> 30U) * 0xbf58476d1ce4e5b9U;
  x = (x ^ x >> 27U) * 0x94d049bb133111ebU;
  return x ^ x >> 31U;
}

/// Fills a memory, whose size is a multiple of 8.
inline void fill(std::span<std::byte> memory, std::uint64_t seed) {
  for (std::size_t i = 0; i < memory.size() / 8; ++i) {
    const auto word = pattern_word(seed, i);
    std::memcpy(memory.data() + 8 * i, &word, 8);
  }
}

/// Returns whether `bytes` are those at `offset` of a memory filled from
/// `seed`.
inline bool is_pattern(std::span<const std::byte> bytes, std::uint64_t seed,
                       std::uint64_t offset) {
  for (std::size_t i = 0; i < bytes.size();) {
    const auto at = offset + i;
    const auto word = pattern_word(seed, at / 8);
    const auto skipped = at % 8;
    const auto length = std::min<std::size_t>(8 - skipped, bytes.size() - i);
    if (std::memcmp(reinterpret_cast<const char*>(&word) + skipped,
                    bytes.data() + i, length) != 0)
      return false;
    i += length;
  }
  return true;
}

}  // namespace kvc::test
