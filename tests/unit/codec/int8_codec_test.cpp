#include "actors/codec/codec.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

using namespace kvc;

namespace {

using buffer = std::vector<std::byte>;
using floats = std::vector<float>;

constexpr std::uint32_t tokens = 16;
constexpr std::uint32_t channels = 8;
constexpr std::size_t numbers = std::size_t{tokens} * channels;

buffer as_float32(const floats& values) {
  buffer result(values.size() * 4);
  std::memcpy(result.data(), values.data(), result.size());
  return result;
}

/// The numbers of a 16-bit type, as the definition says.
float value_of(std::uint16_t bits, bool is_brain) {
  if (is_brain)
    return std::bit_cast<float>(std::uint32_t{bits} << 16U);
  const auto exponent = static_cast<int>((bits >> 10U) & 31U);
  const auto mantissa = static_cast<float>(bits & 1023U);
  const auto magnitude = exponent == 0
                           ? std::ldexp(mantissa, -24)
                           : std::ldexp(1024 + mantissa, exponent - 25);
  return (bits >> 15U) != 0 ? -magnitude : magnitude;
}

floats values_of(const buffer& raw, const std::string& dtype) {
  floats result;
  if (dtype == "float32") {
    result.resize(raw.size() / 4);
    std::memcpy(result.data(), raw.data(), raw.size());
    return result;
  }
  for (std::size_t i = 0; i < raw.size(); i += 2) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, raw.data() + i, 2);
    result.push_back(value_of(bits, dtype == "bfloat16"));
  }
  return result;
}

/// Random finite numbers of every magnitude, and channels of zeros.
buffer tensor(const std::string& dtype, std::size_t outer, std::size_t rows,
              unsigned seed) {
  std::mt19937 random{seed};
  const std::size_t width = dtype == "float32" ? 4 : 2;
  buffer result(outer * rows * channels * width);
  for (std::size_t i = 0; i < result.size(); i += width) {
    const auto is_zero = i / width % channels == 3;
    auto bits = is_zero ? 0U : static_cast<std::uint32_t>(random());
    if (width == 4) {
      if ((bits & 0x7F800000U) == 0x7F800000U)
        bits &= ~0x40000000U;
    } else if (dtype == "bfloat16") {
      if ((bits & 0x7F80U) == 0x7F80U)
        bits &= ~0x4000U;
    } else if ((bits & 0x7C00U) == 0x7C00U) {
      bits &= ~0x4000U;
    }
    std::memcpy(result.data() + i, &bits, width);
  }
  return result;
}

floats restored(const buffer& raw, const chunk_format& format) {
  const auto small = encode(codec_id::int8, raw, format);
  REQUIRE(small);
  REQUIRE(*small);
  CHECK((*small)->size() < raw.size());
  buffer result(raw.size());
  CHECK_FALSE(decode(codec_id::int8, **small, result));
  return values_of(result, format.dtype);
}

caf::error objection(const buffer& raw, const chunk_format& format) {
  const auto result = encode(codec_id::int8, raw, format);
  return result ? caf::error{} : result.error();
}

}  // namespace

TEST_SUITE("int8") {
  TEST_CASE("keeps each number within its channel's bound") {
    // Half a step, and the rounding to the type itself.
    const std::array<std::pair<const char*, double>, 3> types{
      {{"float32", 0x1p-23}, {"bfloat16", 0x1p-8}, {"float16", 0x1p-11}}};
    for (const auto& [dtype, epsilon] : types)
      for (const std::size_t rows : {16U, 7U})
        for (unsigned seed = 0; seed < 20; ++seed) {
          const auto raw = tensor(dtype, 3, rows, seed);
          const auto before = values_of(raw, dtype);
          const auto after = restored(raw, {dtype, {3, tokens, channels}});
          for (std::size_t c = 0; c < std::size_t{3} * channels; ++c) {
            const auto first = c / channels * rows * channels + c % channels;
            double largest = 0;
            for (std::size_t t = 0; t < rows; ++t)
              largest = std::max<double>(
                largest, std::fabs(before[first + t * channels]));
            const auto bound = largest / 254 + largest * epsilon + 0x1p-24;
            const auto exact = std::string{dtype} == "float16"
                                 ? bound
                                 : bound - 0x1p-24 + 0x1p-133;
            for (std::size_t t = 0; t < rows; ++t) {
              const auto at = first + t * channels;
              CHECK(std::fabs(double{before[at]} - after[at]) <= exact);
            }
          }
        }
  }

  TEST_CASE("keeps zeros and the largest numbers as they are") {
    floats values(numbers);
    for (std::size_t t = 0; t < tokens; ++t)
      values[t * channels + 1] = t == 3 ? -5.0F : 0.0F;
    values[5 * channels + 1] = 2.5F;
    const auto after =
      restored(as_float32(values), {"float32", {tokens, channels}});
    CHECK(after[3 * channels + 1] == -5.0F);
    CHECK(after[0] == 0.0F);
    // 2.5 is 63.5 of 127 steps: 64 of them, by rounding to even.
    CHECK(after[5 * channels + 1] == doctest::Approx(5.0 * 64 / 127));
  }

  TEST_CASE("refuses what it cannot take") {
    const auto raw = tensor("float32", 1, tokens, 1);
    const chunk_format good{"float32", {tokens, channels}};
    CHECK_FALSE(objection(raw, good));
    CHECK(objection(raw, {"", {tokens, channels}}) == errc::invalid_request);
    CHECK(objection(raw, {"int8", {tokens, channels}}) ==
          errc::invalid_request);
    CHECK(objection(raw, {"float32", {}}) == errc::invalid_request);
    CHECK(objection(raw, {"float32", {channels}}) == errc::invalid_request);
    CHECK(objection(raw, {"float32", {7, tokens, channels}}) ==
          errc::invalid_request);
    CHECK(objection(raw, {"float32", {tokens, 0}}) == errc::invalid_request);
    CHECK(objection(raw, {"float32", {tokens / 2, channels}}) ==
          errc::invalid_request);
    CHECK(objection({}, good) == errc::invalid_request);
    CHECK(objection(buffer(raw.size() - 4), good) == errc::invalid_request);
    for (const auto bad : {std::numeric_limits<float>::infinity(),
                           -std::numeric_limits<float>::infinity(),
                           std::numeric_limits<float>::quiet_NaN()}) {
      floats values(numbers, 1.0F);
      values[77] = bad;
      CHECK(objection(as_float32(values), good) == errc::invalid_request);
    }
  }

  TEST_CASE("refuses what is damaged, and never breaks") {
    const auto raw = tensor("bfloat16", 2, tokens, 1);
    const auto small =
      encode(codec_id::int8, raw, {"bfloat16", {2, tokens, channels}});
    REQUIRE(small);
    REQUIRE(*small);
    buffer result(raw.size());
    for (std::size_t i = 0; i < (*small)->size(); ++i) {
      const std::span<const std::byte> part{(*small)->data(), i};
      CHECK(decode(codec_id::int8, part, result) == errc::invalid_request);
      auto bad = **small;
      bad[i] ^= std::byte{0xFF};
      const auto error = decode(codec_id::int8, bad, result);
      if (i < 4)  // Version, form; the width means nothing to int8.
        CHECK((i == 2 || error == errc::invalid_request));
    }
  }
}
