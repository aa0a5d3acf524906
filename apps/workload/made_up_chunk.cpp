#include "apps/workload/made_up_chunk.hpp"

#include "apps/workload/splitmix64.hpp"

#include <cstring>

namespace kvc {

namespace {

constexpr auto word_bytes = sizeof(std::uint64_t);

/// The 8-byte words of a chunk, from the first one on. A plain sum, so that the
/// compiler can make several at once.
struct words {
  std::uint64_t first;

  words(std::uint64_t hash, std::uint32_t rank)
      : first(splitmix64(hash ^ splitmix64(rank))) {}

  std::uint64_t operator[](std::uint64_t i) const {
    const auto noise = first + i * 0x9E3779B97F4A7C15U;
    return (noise & 0x00FF00FF00FF00FFU) | 0x3F003F003F003F00U;
  }
};

std::size_t count_nonzero_bytes(std::uint64_t x) {
  std::size_t count = 0;
  for (; x != 0; x >>= 8U)
    count += (x & 0xFFU) != 0 ? 1 : 0;
  return count;
}

}  // namespace

void make_up_chunk(std::span<std::byte> chunk, std::uint64_t hash,
                   std::uint32_t rank) {
  if (chunk.empty())
    return;
  const words right{hash, rank};
  const auto count = chunk.size() / word_bytes;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = right[i];
    std::memcpy(chunk.data() + i * word_bytes, &value, word_bytes);
  }
  const auto rest = right[count];
  std::memcpy(chunk.data() + count * word_bytes, &rest,
              chunk.size() % word_bytes);
}

std::size_t count_wrong_bytes(std::span<const std::byte> chunk,
                              std::uint64_t hash, std::uint32_t rank) {
  if (chunk.empty())
    return 0;
  const words right{hash, rank};
  const auto count = chunk.size() / word_bytes;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t value = 0;
    std::memcpy(&value, chunk.data() + i * word_bytes, word_bytes);
    if (value != right[i])
      wrong += count_nonzero_bytes(value ^ right[i]);
  }
  auto rest = right[count];
  std::memcpy(&rest, chunk.data() + count * word_bytes,
              chunk.size() % word_bytes);
  return wrong + count_nonzero_bytes(rest ^ right[count]);
}

}  // namespace kvc
