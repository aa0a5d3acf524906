#include "actors/codec/int8_codec.hpp"

#include "actors/codec/number_types.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace kvc {

namespace {

constexpr float largest = 127;

/// Where the numbers of a chunk are: tensors of tokens x channels, in a row.
struct layout {
  std::size_t outer = 0;
  std::size_t tokens = 0;
  std::size_t channels = 0;

  std::size_t numbers() const { return outer * tokens * channels; }
  std::size_t scales() const { return outer * channels; }
};

caf::error unsuitable(const char* why) {
  return caf::make_error(errc::invalid_request, why);
}

/// Sets `scales` to the largest magnitude of each channel. Returns false if
/// that is not finite somewhere.
template <class Number>
bool find_largest(const layout& at, const std::byte* raw, float* scales) {
  // As integers, magnitudes are in the same order, with NaNs at the end.
  constexpr auto infinity = 0x7F800000U;
  std::vector<std::uint32_t> largest_bits(at.scales());
  for (std::size_t i = 0; i < at.outer; ++i) {
    auto* row = largest_bits.data() + i * at.channels;
    for (std::size_t t = 0; t < at.tokens; ++t) {
      for (std::size_t c = 0; c < at.channels; ++c) {
        const auto x = Number::read(raw + c * Number::width);
        const auto magnitude = std::bit_cast<std::uint32_t>(x) & 0x7FFFFFFFU;
        row[c] = std::max(row[c], magnitude);
      }
      raw += at.channels * Number::width;
    }
  }
  std::transform(largest_bits.begin(), largest_bits.end(), scales,
                 [](std::uint32_t x) { return std::bit_cast<float>(x); });
  return std::all_of(largest_bits.begin(), largest_bits.end(),
                     [](std::uint32_t x) { return x < infinity; });
}

/// Returns the integer nearest to `x`, whose magnitude is 127 at most. Beside
/// 2^23 a float counts in ones, and the last byte of its bits is that integer.
std::byte nearest(float x) {
  return static_cast<std::byte>(std::bit_cast<std::uint32_t>(x + 0x1.8p23F) &
                                0xFFU);
}

template <class Number>
void shrink(const layout& at, const std::byte* raw, const float* scales,
            std::byte* to) {
  std::vector<float> divisors(at.channels);
  for (std::size_t i = 0; i < at.outer; ++i) {
    for (std::size_t c = 0; c < at.channels; ++c) {
      const auto scale = scales[i * at.channels + c];
      divisors[c] = scale > 0 ? scale : 1.0F;
    }
    for (std::size_t t = 0; t < at.tokens; ++t) {
      for (std::size_t c = 0; c < at.channels; ++c) {
        // The division is exact enough where a factor would overflow.
        const auto share = Number::read(raw + c * Number::width) / divisors[c];
        to[c] = nearest(share * largest);
      }
      raw += at.channels * Number::width;
      to += at.channels;
    }
  }
}

template <class Number>
void grow(const layout& at, const std::byte* levels, const float* scales,
          std::byte* raw) {
  for (std::size_t i = 0; i < at.outer; ++i) {
    const auto* row = scales + i * at.channels;
    for (std::size_t t = 0; t < at.tokens; ++t) {
      for (std::size_t c = 0; c < at.channels; ++c) {
        const auto level =
          static_cast<float>(static_cast<std::int8_t>(levels[c]));
        Number::write(raw + c * Number::width, level / largest * row[c]);
      }
      levels += at.channels;
      raw += at.channels * Number::width;
    }
  }
}

/// Returns where the numbers are; no numbers if `bytes` do not fit.
layout layout_of(std::size_t bytes, std::size_t width, std::size_t outer,
                 std::size_t channels) {
  const auto row = channels * width;
  if (row == 0 || outer == 0 || bytes == 0 || bytes % row != 0 ||
      bytes / row % outer != 0)
    return {};
  return {outer, bytes / row / outer, channels};
}

}  // namespace

caf::expected<std::vector<std::byte>> quantise(std::span<const std::byte> raw,
                                               const chunk_format& format) {
  const auto numbers = number_type_of(format.dtype);
  if (numbers == number_type::unknown)
    return unsuitable("int8 takes bfloat16, float16 and float32");
  if (format.shape.size() < 2)
    return unsuitable("int8 needs a shape of tokens and channels");
  std::size_t outer = 1;
  for (std::size_t i = 0; i + 2 < format.shape.size(); ++i)
    outer *= format.shape[i];
  const auto at =
    layout_of(raw.size(), width_of(format.dtype), outer, format.shape.back());
  if (at.numbers() == 0 || at.tokens > format.shape[format.shape.size() - 2])
    return unsuitable("the chunk is not of its shape");
  std::vector<float> scales(at.scales());
  const auto levels_at = codec_header::size + scales.size() * sizeof(float);
  std::vector<std::byte> result(levels_at + at.numbers());
  const auto is_finite = with_number(numbers, [&](auto number) {
    using kind = decltype(number);
    if (!find_largest<kind>(at, raw.data(), scales.data()))
      return false;
    shrink<kind>(at, raw.data(), scales.data(), result.data() + levels_at);
    return true;
  });
  if (!is_finite)
    return unsuitable("int8 takes finite numbers only");
  codec_header header{.codec = codec_id::int8};
  header.numbers = numbers;
  header.channels = format.shape.back();
  header.raw_bytes = raw.size();
  header.outer = outer;
  header.write(result);
  std::memcpy(result.data() + codec_header::size, scales.data(),
              scales.size() * sizeof(float));
  return result;
}

caf::error dequantise(const codec_header& header,
                      std::span<const std::byte> encoded,
                      std::span<std::byte> raw) {
  const std::size_t width = header.numbers == number_type::float32 ? 4 : 2;
  const auto at = layout_of(raw.size(), width, header.outer, header.channels);
  const auto levels_at = codec_header::size + at.scales() * sizeof(float);
  if (header.numbers == number_type::unknown || at.numbers() == 0 ||
      encoded.size() != levels_at + at.numbers())
    return unsuitable("encoded chunk damaged");
  std::vector<float> scales(at.scales());
  std::memcpy(scales.data(), encoded.data() + codec_header::size,
              scales.size() * sizeof(float));
  with_number(header.numbers, [&](auto number) {
    grow<decltype(number)>(at, encoded.data() + levels_at, scales.data(),
                           raw.data());
    return true;
  });
  return caf::none;
}

}  // namespace kvc
