#include "actors/codec/byte_shuffle.hpp"

#include <algorithm>
#include <cstring>

namespace kvc {

namespace {

/// Numbers handled at once, so that what is read and written stays in the
/// processor's cache.
constexpr std::size_t block = 4096;

// With a constant width the compiler makes vector instructions of the loops.

template <std::size_t Width>
void shuffle(const std::byte* from, std::byte* to, std::size_t count) {
  for (std::size_t begin = 0; begin < count; begin += block) {
    const auto end = std::min(begin + block, count);
    for (std::size_t place = 0; place < Width; ++place)
      for (std::size_t i = begin; i < end; ++i)
        to[place * count + i] = from[i * Width + place];
  }
}

template <std::size_t Width>
void unshuffle(const std::byte* from, std::byte* to, std::size_t count) {
  for (std::size_t begin = 0; begin < count; begin += block) {
    const auto end = std::min(begin + block, count);
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t place = 0; place < Width; ++place)
        to[i * Width + place] = from[place * count + i];
  }
}

void copy_rest(std::span<const std::byte> from, std::span<std::byte> to,
               std::size_t begin) {
  if (begin < from.size())
    std::memcpy(to.data() + begin, from.data() + begin, from.size() - begin);
}

}  // namespace

void shuffle_bytes(std::span<const std::byte> from, std::span<std::byte> to,
                   std::size_t width) {
  const auto count = width > 1 ? from.size() / width : 0;
  if (width == 2)
    shuffle<2>(from.data(), to.data(), count);
  else if (width == 4)
    shuffle<4>(from.data(), to.data(), count);
  else if (width == 8)
    shuffle<8>(from.data(), to.data(), count);
  copy_rest(from, to, count * width);
}

void unshuffle_bytes(std::span<const std::byte> from, std::span<std::byte> to,
                     std::size_t width) {
  const auto count = width > 1 ? from.size() / width : 0;
  if (width == 2)
    unshuffle<2>(from.data(), to.data(), count);
  else if (width == 4)
    unshuffle<4>(from.data(), to.data(), count);
  else if (width == 8)
    unshuffle<8>(from.data(), to.data(), count);
  copy_rest(from, to, count * width);
}

}  // namespace kvc
