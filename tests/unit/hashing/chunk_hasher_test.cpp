#include "actors/hashing/chunk_hasher.hpp"

#include "actors/hashing/none_hash.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <numeric>
#include <sstream>

using namespace kvc;

namespace {

using hash_list = std::vector<std::uint64_t>;
using token_list = std::vector<std::uint32_t>;

const token_list doc12{128000, 849,  21435, 279,  26431, 315,
                       85748,  6636, 304,   4221, 4211,  13};

token_list count_up(std::size_t count) {
  token_list tokens(count);
  std::iota(tokens.begin(), tokens.end(), 0U);
  return tokens;
}

/// The settings with the none_hash that `text` describes.
hash_settings settings_for(hash_algorithm algorithm, std::uint32_t chunk_size,
                           std::string_view text) {
  auto none_hash = parse_none_hash(text, algorithm);
  REQUIRE(none_hash);
  return {algorithm, chunk_size, *none_hash};
}

hash_list hash_all(const hash_settings& settings, const token_list& tokens) {
  return chunk_hasher{settings, true}.hash_prompt(tokens);
}

/// Reads values of the hashing contract, which shows builtin's as signed.
hash_list signed_values(const std::vector<std::int64_t>& values) {
  return {values.begin(), values.end()};
}

/// The same generator as in tests/data/make_hash_vectors.py.
token_list make_tokens(std::uint64_t seed, std::size_t count) {
  token_list tokens;
  for (std::size_t i = 0; i < count; ++i) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    tokens.push_back(
      static_cast<std::uint32_t>((seed >> 32U) >> ((seed >> 27U) & 31U)));
  }
  return tokens;
}

constexpr auto builtin = hash_algorithm::builtin;
constexpr auto sha256 = hash_algorithm::sha256_cbor;

}  // namespace

TEST_SUITE("chunk_hasher") {
  TEST_CASE("gives the contract's builtin hashes") {
    CHECK(hash_all(settings_for(builtin, 256, "0"), doc12) ==
          hash_list{4690244967161877535U});
    CHECK(hash_all(settings_for(builtin, 256, "seed:0"), doc12) ==
          signed_values({-8725679818400927698}));
    CHECK(hash_all(settings_for(builtin, 256, "0"), count_up(600)) ==
          hash_list{3131758554629441992U, 8783757053568497755U,
                    4356085038892181893U});
    CHECK(hash_all(settings_for(builtin, 4, "0"), count_up(10)) ==
          signed_values(
            {1926077685454645420, -7804484139983318662, 351376449021863462}));
  }

  TEST_CASE("gives the contract's sha256_cbor hashes") {
    CHECK(hash_all(settings_for(sha256, 256, "0"), doc12) ==
          hash_list{7368410575374709270U});
    CHECK(hash_all(settings_for(sha256, 256, "seed:0"), doc12) ==
          hash_list{12014168293410092512U});
    CHECK(hash_all(settings_for(sha256, 256, "seed:0"), count_up(600)) ==
          hash_list{13306273019646830501U, 14713433792384882213U,
                    7371713932882849551U});
  }

  TEST_CASE("gives the hashes that CPython gave for random prompts") {
    std::ifstream file{"tests/data/hash_vectors.txt"};
    std::string line;
    int lines = 0;
    for (; std::getline(file, line); ++lines) {
      CAPTURE(line);
      std::istringstream fields{line};
      std::string algorithm;
      std::string none_hash;
      std::uint32_t chunk_size = 0;
      std::uint64_t seed = 0;
      std::size_t token_count = 0;
      fields >> algorithm >> chunk_size >> none_hash >> seed >> token_count;
      const auto settings = settings_for(
        algorithm == "builtin" ? builtin : sha256, chunk_size, none_hash);
      hash_list expected;
      for (std::string hash; fields >> hash;)
        expected.push_back(*parse_none_hash(hash, settings.algorithm));
      CHECK(hash_all(settings, make_tokens(seed, token_count)) == expected);
    }
    CHECK(lines == 252);
  }

  TEST_CASE("hashes the last, partial chunk only if told to") {
    for (auto algorithm : {builtin, sha256})
      for (const std::uint32_t chunk_size : {1U, 4U, 256U})
        for (const std::size_t chunks : {1U, 2U, 20U}) {
          const hash_settings settings{algorithm, chunk_size, 0};
          const chunk_hasher whole{settings, false};
          const chunk_hasher partial{settings, true};
          const auto size = chunks * chunk_size;
          const auto below = count_up(size - 1);
          const auto exact = count_up(size);
          const auto above = count_up(size + 1);
          const auto is_partial = chunk_size > 1 ? 1U : 0U;
          CAPTURE(chunk_size);
          CAPTURE(chunks);
          CHECK(whole.hash_prompt(below).size() == chunks - 1);
          CHECK(partial.hash_prompt(below).size() == chunks - 1 + is_partial);
          CHECK(whole.hash_prompt(exact).size() == chunks);
          CHECK(partial.hash_prompt(exact) == whole.hash_prompt(exact));
          CHECK(whole.hash_prompt(above).size() == chunks + 1 - is_partial);
          CHECK(partial.hash_prompt(above).size() == chunks + 1);
        }
  }

  TEST_CASE("gives a prefix the hashes it has in the whole prompt") {
    for (auto algorithm : {builtin, sha256}) {
      const chunk_hasher hasher{{algorithm, 16, 9}, false};
      const auto hashes = hasher.hash_prompt(count_up(640));
      REQUIRE(hashes.size() == 40);
      for (std::size_t chunks = 0; chunks < 40; ++chunks)
        CHECK(hasher.hash_prompt(count_up(16 * chunks + 3)) ==
              hash_list(hashes.begin(),
                        hashes.begin() + static_cast<long>(chunks)));
    }
  }

  TEST_CASE("has no hashes for an empty prompt") {
    for (auto algorithm : {builtin, sha256})
      for (auto with_partial_chunk : {false, true})
        CHECK(chunk_hasher{{algorithm, 256, 0}, with_partial_chunk}
                .hash_prompt({})
                .empty());
  }

  TEST_CASE("continues behind a chunk as if it had seen the whole prompt") {
    for (auto algorithm : {builtin, sha256}) {
      const chunk_hasher hasher{{algorithm, 4, 77}, true};
      const auto tokens = count_up(42);
      const auto hashes = hasher.hash_prompt(tokens);
      REQUIRE(hashes.size() == 11);
      CHECK(
        hasher.hash_continuation(hashes[2], std::span{tokens}.subspan(12)) ==
        hash_list(hashes.begin() + 3, hashes.end()));
    }
  }
}

TEST_SUITE("hash settings") {
  TEST_CASE("the canary is what CPython gives") {
    CHECK(canary({builtin, 256, 0}) == 16698971638575415030U);
    CHECK(canary({builtin, 5, 0}) == 6416232792558565855U);
    CHECK(canary({sha256, 256, 0}) == 9535238935842011024U);
  }

  TEST_CASE("equal settings do not differ") {
    CHECK(describe_difference({sha256, 16, 3}, {sha256, 16, 3}).empty());
  }

  TEST_CASE("every difference is named with both values") {
    CHECK(describe_difference({builtin, 256, 0}, {builtin, 128, 5}) ==
          "chunk_size: controller 256, worker 128; "
          "none_hash: controller 0, worker 5");
    CHECK(describe_difference({builtin, 256, 0}, {sha256, 256, 0}) ==
          "hash_algorithm: controller builtin, worker sha256_cbor");
    CHECK(describe_difference({builtin, 256, UINT64_MAX},
                              {sha256, 256, UINT64_MAX - 1}) ==
          "hash_algorithm: controller builtin, worker sha256_cbor; "
          "none_hash: controller -1, worker 18446744073709551614");
  }
}
