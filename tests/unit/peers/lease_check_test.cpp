#include "actors/peers/lease_check.hpp"

#include "actors/codec/codec_header.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

using shape = std::vector<std::uint32_t>;

std::uint8_t number_of(codec_id x) { return static_cast<std::uint8_t>(x); }

/// 16 tokens in 128 bytes.
leased_chunk sample_chunk() {
  return {.hash = 1, .bytes = 128, .raw_bytes = 128, .tokens = 16};
}

bool is_consistent(const std::string& dtype, const shape& x) {
  return kvc::is_consistent(sample_chunk(), {dtype, x});
}

}  // namespace

TEST_SUITE("lease_check") {
  TEST_CASE("lengths fit each other") {
    const auto check = [](auto change) {
      auto chunk = sample_chunk();
      change(chunk);
      return kvc::is_consistent(chunk, {});
    };
    CHECK(check([](leased_chunk&) {}));
    CHECK_FALSE(check([](leased_chunk& x) { x.bytes = 0; }));
    CHECK_FALSE(check([](leased_chunk& x) { x.bytes = 127; }));
    CHECK_FALSE(check([](leased_chunk& x) { x.bytes = 129; }));
    CHECK(check([](leased_chunk& x) {
      x.bytes = 127;
      x.codec = number_of(codec_id::zstd);
    }));
    CHECK_FALSE(
      check([](leased_chunk& x) { x.codec = number_of(codec_id::zstd); }));
  }

  TEST_CASE("a chunk has the size of its tensor") {
    CHECK(is_consistent("float16", {16, 4}));
    CHECK(is_consistent("torch.half", {16, 4}));
    CHECK(is_consistent("float16", {2, 16, 2}));
    CHECK(is_consistent("uint8", {16, 8}));
    CHECK(is_consistent("float16", {32, 4}));  // Half a chunk.
    CHECK_FALSE(is_consistent("float16", {8, 8}));
    CHECK_FALSE(is_consistent("", {8, 8}));
    CHECK_FALSE(is_consistent("float32", {16, 4}));
    CHECK_FALSE(is_consistent("float16", {16, 3}));
    CHECK_FALSE(is_consistent("float16", {16, 5}));
    CHECK_FALSE(is_consistent("float16", {16, 0}));
    CHECK_FALSE(is_consistent("float16", {0, 16, 4}));
    const auto huge = ~std::uint32_t{0};
    CHECK_FALSE(is_consistent("float64", {huge, huge, huge, huge}));
    // 2^64 times 128 bytes.
    CHECK_FALSE(is_consistent("float16", {1U << 31U, 1U << 31U, 4, 16, 4}));
  }

  TEST_CASE("a compressed chunk had the size of its tensor") {
    auto chunk = sample_chunk();
    chunk.codec = number_of(codec_id::lz4);
    chunk.bytes = 50;
    CHECK(kvc::is_consistent(chunk, {"float16", {16, 4}}));
    CHECK_FALSE(kvc::is_consistent(chunk, {"float32", {16, 4}}));
  }

  TEST_CASE("what nobody knows contradicts nothing") {
    CHECK(is_consistent("", {}));
    CHECK(is_consistent("float32", {}));
    CHECK(is_consistent("float32", {64}));
    CHECK(is_consistent("", {16, 5}));
    CHECK(is_consistent("int4", {16, 16}));
  }

  TEST_CASE("formats are alike unless both know better") {
    const chunk_format ours{"float16", {16, 4}};
    CHECK(are_alike(ours, ours));
    CHECK(are_alike(ours, {"torch.half", {16, 4}}));
    CHECK(are_alike(ours, {"", {16, 4}}));
    CHECK(are_alike({"float16", {}}, ours));
    CHECK(are_alike({}, ours));
    CHECK_FALSE(are_alike(ours, {"bfloat16", {16, 4}}));
    CHECK_FALSE(are_alike(ours, {"", {4, 16}}));
    CHECK_FALSE(are_alike({"bfloat16", {}}, ours));
  }

  TEST_CASE("the header of a compressed chunk is what was promised") {
    auto chunk = sample_chunk();
    chunk.bytes = codec_header::size;
    chunk.codec = number_of(codec_id::int8);
    std::vector<std::byte> bytes(codec_header::size);
    codec_header header{.codec = codec_id::int8};
    header.numbers = number_type::float16;
    header.raw_bytes = 128;
    header.write(bytes);
    CHECK(is_as_leased(bytes, chunk, {"half", {}}));
    CHECK(is_as_leased(bytes, chunk, {}));
    CHECK_FALSE(is_as_leased(bytes, chunk, {"bfloat16", {}}));
    auto other = chunk;
    other.codec = number_of(codec_id::zstd);
    CHECK_FALSE(is_as_leased(bytes, other, {}));
    other = chunk;
    other.raw_bytes = 256;
    CHECK_FALSE(is_as_leased(bytes, other, {}));
    CHECK_FALSE(
      is_as_leased(std::span{bytes}.first(bytes.size() - 1), chunk, {}));
    other.codec = number_of(codec_id::none);
    CHECK(is_as_leased({}, other, {}));
  }
}
