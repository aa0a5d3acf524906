#include "actors/codec/codec.hpp"

#include "actors/codec/byte_shuffle.hpp"
#include "messages/control.hpp"
#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <array>
#include <random>

using namespace kvc;

namespace {

using buffer = std::vector<std::byte>;

const std::array lossless{codec_id::zstd, codec_id::lz4};

/// Bytes that compress: each number's last byte is one of a few.
buffer numbers(std::size_t size, std::size_t width) {
  std::mt19937 random{static_cast<unsigned>(size + width)};
  buffer result(size);
  for (std::size_t i = 0; i < size; ++i)
    result[i] =
      static_cast<std::byte>(i % width == width - 1 ? random() % 3 : random());
  return result;
}

buffer noise(std::size_t size) {
  std::mt19937 random{7};
  buffer result(size);
  for (auto& x : result)
    x = static_cast<std::byte>(random());
  return result;
}

/// Returns the encoded form; empty if that is not smaller.
buffer encoded(codec_id target, const buffer& raw, const std::string& dtype) {
  const auto result = encode(target, raw, {dtype, {}});
  REQUIRE(result);
  return result->value_or(buffer{});
}

bool restores(codec_id source, const buffer& from, const buffer& raw) {
  buffer result(raw.size());
  return !decode(source, from, result) && result == raw;
}

}  // namespace

TEST_SUITE("byte_shuffle") {
  TEST_CASE("sorts bytes by their place and keeps the rest") {
    const auto bytes = [](std::initializer_list<int> values) {
      buffer result;
      for (const auto x : values)
        result.push_back(static_cast<std::byte>(x));
      return result;
    };
    const auto from = bytes({1, 2, 3, 4, 5, 6, 7, 8, 9});
    buffer to(9);
    shuffle_bytes(from, to, 2);
    CHECK(to == bytes({1, 3, 5, 7, 2, 4, 6, 8, 9}));
    shuffle_bytes(from, to, 4);
    CHECK(to == bytes({1, 5, 2, 6, 3, 7, 4, 8, 9}));
    shuffle_bytes(from, to, 1);
    CHECK(to == from);
  }

  TEST_CASE("is undone, for all sizes and widths") {
    for (const std::size_t width : {1U, 2U, 4U, 8U})
      for (const std::size_t size :
           {0U, 1U, 7U, 8U, 9U, 4095U, 32'768U, 40'001U}) {
        const auto from = noise(size);
        buffer there(size);
        buffer back(size);
        shuffle_bytes(from, there, width);
        unshuffle_bytes(there, back, width);
        CHECK(back == from);
      }
  }
}

TEST_SUITE("codec") {
  TEST_CASE("has the names of the methods") {
    for (const auto name : compression_methods) {
      REQUIRE(codec_named(name));
      CHECK(to_string(*codec_named(name)) == name);
    }
    CHECK(to_string(codec_id::none) == "none");
    CHECK_FALSE(codec_named("none"));
    CHECK_FALSE(codec_named("gzip"));
    CHECK(to_string(static_cast<codec_id>(9)) == "codec_9");
  }

  TEST_CASE("is lossless for every size and dtype") {
    const std::array<std::pair<const char*, std::size_t>, 6> dtypes{
      {{"bfloat16", 2},
       {"torch.float16", 2},
       {"float32", 4},
       {"float64", 8},
       {"uint8", 1},
       {"", 2}}};
    for (const auto target : lossless)
      for (const auto& [dtype, width] : dtypes)
        for (const std::size_t size : {512U, 4096U, 4099U, 70'001U}) {
          const auto raw = numbers(size, width);
          const auto small = encoded(target, raw, dtype);
          const auto is_shuffled = width > 1 && *dtype != '\0';
          if (is_shuffled && size > 512)
            REQUIRE_FALSE(small.empty());
          if (!small.empty()) {
            CHECK(small.size() < size);
            CHECK(restores(target, small, raw));
          }
        }
  }

  TEST_CASE("finds what is small or random not worth it") {
    for (const auto target : lossless) {
      for (std::size_t size = 0; size < 30; ++size)
        CHECK(encoded(target, buffer(size), "uint8").empty());
      CHECK(encoded(target, noise(100'000), "bfloat16").empty());
    }
  }

  TEST_CASE("makes next to nothing of equal numbers") {
    for (const auto target : lossless)
      for (const auto* dtype : {"bfloat16", "float32", ""}) {
        const buffer raw(1U << 20U, std::byte{0x3F});
        const auto small = encoded(target, raw, dtype);
        CHECK(small.size() < raw.size() / 200);
        CHECK(restores(target, small, raw));
      }
  }

  TEST_CASE("refuses what is damaged, and never breaks") {
    const auto raw = numbers(900, 2);
    for (const auto target : lossless) {
      const auto good = encoded(target, raw, "bfloat16");
      REQUIRE_FALSE(good.empty());
      for (std::size_t i = 0; i < good.size(); ++i) {
        CHECK_FALSE(restores(
          target, {good.begin(), good.begin() + static_cast<long>(i)}, raw));
        auto bad = good;
        bad[i] ^= std::byte{0x41};
        buffer result(raw.size());
        decode(target, bad, result);  // The stores' checksums tell.
      }
      buffer wrong(raw.size() + 1);
      CHECK(decode(target, good, wrong) == errc::invalid_request);
      CHECK(decode(codec_id::int8, good, wrong) == errc::invalid_request);
      CHECK(decode(codec_id::none, good, wrong) == errc::invalid_request);
    }
    CHECK(encode(codec_id::none, raw, {}).error() == errc::invalid_request);
  }
}
