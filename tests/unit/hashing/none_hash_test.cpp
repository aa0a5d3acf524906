#include "actors/hashing/none_hash.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

std::uint64_t parse(std::string_view text,
                    hash_algorithm algorithm = hash_algorithm::builtin) {
  auto result = parse_none_hash(text, algorithm);
  REQUIRE_MESSAGE(result, describe(result.error()));
  return *result;
}

std::string refuse(std::string_view text,
                   hash_algorithm algorithm = hash_algorithm::builtin) {
  auto result = parse_none_hash(text, algorithm);
  REQUIRE_FALSE(result);
  return describe(result.error());
}

std::uint64_t as_unsigned(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace

TEST_SUITE("none_hash") {
  TEST_CASE("reads signed, unsigned and hexadecimal integers") {
    CHECK(parse("0") == 0);
    CHECK(parse("123") == 123);
    CHECK(parse("-1") == UINT64_MAX);
    CHECK(parse("-9223372036854775808") == std::uint64_t{1} << 63U);
    CHECK(parse("18446744073709551615") == UINT64_MAX);
    CHECK(parse("0x1f") == 31);
    CHECK(parse("0XFFFFFFFFFFFFFFFF") == UINT64_MAX);
    CHECK(parse("18446744073709551615", hash_algorithm::sha256_cbor) ==
          UINT64_MAX);
  }

  TEST_CASE("derives builtin's value from a seed as vLLM does") {
    CHECK(parse("seed:0") == 5313149338359954478U);
    CHECK(parse("seed:1") == as_unsigned(-3509053104883717537));
    CHECK(parse("seed:42") == 866561823186450123U);
    CHECK(parse("seed:123") == as_unsigned(-6197052367682486848));
  }

  TEST_CASE("hashes a seed's leading zeros, which do not change the key") {
    CHECK(parse("seed:007") == as_unsigned(-619829233496838461));
    CHECK(parse("seed:000000000000000000000000000007",
                hash_algorithm::sha256_cbor) == 7044146968544606547U);
  }

  TEST_CASE("derives sha256_cbor's value from a seed as vLLM does") {
    const auto algorithm = hash_algorithm::sha256_cbor;
    CHECK(parse("seed:0", algorithm) == 5625442194607170974U);
    CHECK(parse("seed:123", algorithm) == 11238094321407495752U);
    CHECK(parse("seed:4294967295", algorithm) == 1693116009781998122U);
  }

  TEST_CASE("refuses what is no integer of 64 bits") {
    for (const auto* text : {"", "-", "0x", "-0x1", "+1", " 1", "1 ", "1.0",
                             "abc", "Seed:1", "18446744073709551616",
                             "-9223372036854775809", "0x10000000000000000"}) {
      CAPTURE(text);
      CHECK(refuse(text) == "invalid_request: none_hash \"" +
                              std::string{text} +
                              "\" is not an integer of 64 bits or seed:N");
    }
  }

  TEST_CASE("refuses seeds that PYTHONHASHSEED would not take") {
    for (const auto* text : {"seed:", "seed:-1", "seed:random", "seed:0x1",
                             "seed:4294967296", "seed: 1"}) {
      CAPTURE(text);
      CHECK(refuse(text) == "invalid_request: none_hash \"" +
                              std::string{text} +
                              "\" has a seed that is not in 0..4294967295");
    }
  }

  TEST_CASE("refuses a negative integer for sha256_cbor") {
    CHECK(refuse("-1", hash_algorithm::sha256_cbor) ==
          "invalid_request: none_hash \"-1\" is negative, which only "
          "builtin hashes can be");
  }

  TEST_CASE("renders a value so that it reads back") {
    const auto high = std::uint64_t{1} << 63U;
    CHECK(render_none_hash(high, hash_algorithm::builtin) ==
          "-9223372036854775808");
    CHECK(render_none_hash(high, hash_algorithm::sha256_cbor) ==
          "9223372036854775808");
  }
}
