#pragma once

#include "actors/worker/codec_header.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kvc {

// How numbers lie in chunks: `read` takes one from its bytes, `write` makes it
// of the nearest float, or of the even one of two. Their magnitudes, as floats'
// bits, are in the order of integers.

/// float32 as it is.
struct full_float {
  static constexpr std::size_t width = 4;
  static constexpr float epsilon = 0x1p-22F;
  static float read(const std::byte* from) {
    float result = 0;
    std::memcpy(&result, from, width);
    return result;
  }
  static void write(std::byte* to, float x) { std::memcpy(to, &x, width); }
};

inline std::uint32_t load_half(const std::byte* from) {
  std::uint16_t result = 0;
  std::memcpy(&result, from, sizeof result);
  return result;
}

inline void store_half(std::byte* to, std::uint32_t bits) {
  const auto half = static_cast<std::uint16_t>(bits);
  std::memcpy(to, &half, sizeof half);
}

/// The upper half of a float32, rounded to nearest even.
struct brain_float {
  static constexpr std::size_t width = 2;
  static constexpr float epsilon = 0x1p-8F;
  static float read(const std::byte* from) {
    return std::bit_cast<float>(std::uint32_t{load_half(from)} << 16U);
  }
  static void write(std::byte* to, float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const auto rounded = bits + 0x7FFFU + ((bits >> 16U) & 1U);
    store_half(to, rounded >> 16U);
  }
};

/// IEEE binary16, by the scaling of exponents that floats do themselves.
struct half_float {
  static constexpr std::size_t width = 2;
  static constexpr float epsilon = 0x1p-11F;
  static float read(const std::byte* from) {
    const std::uint32_t half = load_half(from);
    const auto magnitude = (half & 0x7FFFU) << 13U;
    const auto is_special = (half & 0x7C00U) == 0x7C00U;
    const auto scaled = std::bit_cast<float>(magnitude) * 0x1p112F;
    const auto bits = is_special ? magnitude | 0x7F800000U
                                 : std::bit_cast<std::uint32_t>(scaled);
    return std::bit_cast<float>(bits | (half & 0x8000U) << 16U);
  }
  static void write(std::byte* to, float x) {
    const auto sign = (std::bit_cast<std::uint32_t>(x) >> 16U) & 0x8000U;
    auto magnitude = std::min(std::fabs(x), 65504.0F);
    std::uint32_t bits = 0;
    if (magnitude < 0x1p-14F) {  // Denormal: multiples of 2^-24.
      bits = static_cast<std::uint32_t>(std::nearbyint(magnitude * 0x1p24F));
    } else {
      const auto full = std::bit_cast<std::uint32_t>(magnitude) - (112U << 23U);
      bits = (full + 0xFFFU + ((full >> 13U) & 1U)) >> 13U;
    }
    store_half(to, bits | sign);
  }
};

/// Calls `function` with the type of the numbers.
template <class Function>
bool with_number(number_type type, Function function) {
  switch (type) {
    case number_type::bfloat16:
      return function(brain_float{});
    case number_type::float16:
      return function(half_float{});
    case number_type::float32:
      return function(full_float{});
    case number_type::unknown:
      break;
  }
  return false;
}

}  // namespace kvc
