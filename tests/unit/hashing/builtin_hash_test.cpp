#include "actors/hashing/builtin_hash.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <numeric>

using namespace kvc;

namespace {

constexpr auto int64_min = std::numeric_limits<std::int64_t>::min();
constexpr auto int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t modulus = (std::int64_t{1} << 61) - 1;

std::uint64_t tuple_hash_of(std::vector<std::uint32_t> tokens) {
  return builtin_tuple_hash(tokens);
}

std::uint64_t as_unsigned(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

}  // namespace

TEST_SUITE("builtin_hash") {
  TEST_CASE("hashes an integer modulo 2^61 - 1, with its sign") {
    CHECK(builtin_int_hash(0) == 0);
    CHECK(builtin_int_hash(1) == 1);
    CHECK(builtin_int_hash(modulus - 1) == modulus - 1);
    CHECK(builtin_int_hash(modulus) == 0);
    CHECK(builtin_int_hash(modulus + 1) == 1);
    CHECK(builtin_int_hash(-modulus) == 0);
    CHECK(builtin_int_hash(int64_max) == 3);
    CHECK(builtin_int_hash(int64_min) == -4);
    CHECK(builtin_int_hash(int64_min + 1) == -3);
  }

  TEST_CASE("never hashes an integer to -1") {
    CHECK(builtin_int_hash(-1) == -2);
    CHECK(builtin_int_hash(-2) == -2);
    CHECK(builtin_int_hash(-modulus - 1) == -2);
  }

  TEST_CASE("hashes tuples as CPython does") {
    CHECK(tuple_hash_of({}) == 5740354900026072187U);
    CHECK(tuple_hash_of({0, 1, 2, 3, 4}) == 891674017800185211U);
  }

  TEST_CASE("never hashes a tuple to -1") {
    CHECK(tuple_hash_of({57395579, 2191961449}) == 1546275796U);
    CHECK(tuple_hash_of({7, 2433494801, 160648162}) == 1546275796U);
  }

  TEST_CASE("never hashes a chunk to -1") {
    const auto tokens = tuple_hash_of({0});
    CHECK(builtin_chunk_hash(as_unsigned(-826045538487679226), tokens) ==
          1546275796U);
  }

  TEST_CASE("reads the previous hash as a signed integer") {
    const auto tokens = tuple_hash_of({1, 2});
    const auto after = [&](std::int64_t previous) {
      return builtin_chunk_hash(as_unsigned(previous), tokens);
    };
    CHECK(after(0) == as_unsigned(-2054962519297678989));
    CHECK(after(modulus) == after(0));
    CHECK(after(-1) == as_unsigned(-7884938075223812855));
    CHECK(after(-2) == after(-1));
    CHECK(after(int64_min) == 2097535104057644814U);
  }

  TEST_CASE("hashes many chunks at once as it hashes each alone") {
    for (const std::size_t chunk_size : {1U, 15U, 16U, 17U, 32U, 256U}) {
      std::vector<std::uint32_t> tokens(chunk_size * 60 + chunk_size / 2);
      std::iota(tokens.begin(), tokens.end(), 4294950000U);
      for (const std::size_t count :
           {0U, 1U, 2U, 7U, 8U, 15U, 16U, 17U, 31U, 32U, 59U}) {
        CAPTURE(chunk_size);
        CAPTURE(count);
        const auto used =
          std::span{tokens}.first(count * chunk_size + chunk_size / 2);
        const auto hashes = builtin_tuple_hashes(used, chunk_size);
        REQUIRE(hashes.size() == count);
        for (std::size_t i = 0; i < count; ++i)
          CHECK(hashes[i] ==
                builtin_tuple_hash(used.subspan(i * chunk_size, chunk_size)));
      }
    }
  }

  TEST_CASE("hashes text as CPython does under PYTHONHASHSEED") {
    CHECK(builtin_text_hash("0", 0) == 5313149338359954478);
    CHECK(builtin_text_hash("1", 1) == -3509053104883717537);
    CHECK(builtin_text_hash("42", 42) == 866561823186450123);
    CHECK(builtin_text_hash("123", 123) == -6197052367682486848);
    CHECK(builtin_text_hash("4294967295", 4294967295) == 8891781246207573802);
  }

  TEST_CASE("hashes text around the length of a word") {
    CHECK(builtin_text_hash("1234567", 1) == -8889243435393941967);
    CHECK(builtin_text_hash("12345678", 1) == 500036314421443289);
    CHECK(builtin_text_hash("12345678901234567", 1) == 9044719115999437708);
  }
}
