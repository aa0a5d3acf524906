#pragma once

#include "actors/codec/codec_header.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kvc {

// The types of numbers in chunks. `read` returns the number at `from`; `write`
// rounds a float to the nearest one, ties to even. Neither branches, so that
// the compiler makes vector instructions of loops over numbers.

/// float32 as it is.
struct full_float {
  static constexpr std::size_t width = 4;
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
  static float read(const std::byte* from) {
    const std::uint32_t half = load_half(from);
    const auto magnitude = (half & 0x7FFFU) << 13U;
    const auto scaled = std::bit_cast<float>(magnitude) * 0x1p112F;
    const auto is_special = (half & 0x7C00U) == 0x7C00U;
    const auto bits =
      std::bit_cast<std::uint32_t>(scaled) | (is_special ? 0x7F800000U : 0U);
    return std::bit_cast<float>(bits | (half & 0x8000U) << 16U);
  }
  static void write(std::byte* to, float x) {
    constexpr auto largest = 0x477FE000U;  // 65504
    constexpr auto one_half = 0x3F000000U;
    const auto all = std::bit_cast<std::uint32_t>(x);
    const auto magnitude = std::min(all & 0x7FFFFFFFU, largest);
    const auto shifted = magnitude - (112U << 23U);
    const auto normal = (shifted + 0xFFFU + ((shifted >> 13U) & 1U)) >> 13U;
    // Beside 0.5 a float counts multiples of 2^-24, as denormals do.
    const auto sum = std::bit_cast<float>(magnitude) + 0.5F;
    const auto denormal = std::bit_cast<std::uint32_t>(sum) - one_half;
    const auto mask =
      0U - static_cast<std::uint32_t>(magnitude < (113U << 23U));
    const auto bits = (denormal & mask) | (normal & ~mask);
    const auto sign = (all >> 16U) & 0x8000U;
    store_half(to, bits | sign);
  }
};

/// Returns `function` called with a value of the type named; false if unknown.
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
