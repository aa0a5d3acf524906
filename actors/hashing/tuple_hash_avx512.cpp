#include "actors/hashing/tuple_hash.hpp"

#ifdef __x86_64__

#include <array>
#include <cstring>

#define KVC_AVX512 __attribute__((target("avx512f,avx512dq")))

namespace kvc::tuple_hash {

namespace {

// The compiler's vector types instead of intrinsics, because g++ 12 warns
// about its own intrinsics (its bug 105593).
using words = std::uint64_t __attribute__((vector_size(64)));

constexpr std::size_t lanes = 8;          // Chunks side by side in `words`.
constexpr std::size_t groups = 2;         // Of lanes, to hide the latency.
constexpr std::size_t block = 2 * lanes;  // Tokens of one chunk in `words`.

struct rows {
  words row[lanes];  // NOLINT(modernize-avoid-c-arrays): std::array<words>
                     // would drop the attribute.
};

KVC_AVX512 inline words load(const std::uint32_t* tokens) {
  words result;
  std::memcpy(&result, tokens, sizeof result);
  return result;
}

/// Turns 16 tokens of each of 8 chunks, a chunk per row, into rows of 8 words:
/// row i has the tokens 2i and 2i + 1 of every chunk.
KVC_AVX512 inline rows load_columns(const std::uint32_t* tokens,
                                    std::size_t chunk_size) {
  rows pairs;
  rows quads;
  rows columns;
  for (std::size_t i = 0; i < lanes; i += 2) {
    const auto a = load(tokens + i * chunk_size);
    const auto b = load(tokens + (i + 1) * chunk_size);
    pairs.row[i] = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
    pairs.row[i + 1] = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (const std::size_t i : {0U, 1U, 4U, 5U}) {
    const auto a = pairs.row[i];
    const auto b = pairs.row[i + 2];
    quads.row[i] = __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13);
    quads.row[i + 2] =
      __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
  }
  for (std::size_t i = 0; i < lanes / 2; ++i) {
    const auto a = quads.row[i];
    const auto b = quads.row[i + 4];
    columns.row[i] = __builtin_shufflevector(a, b, 0, 1, 4, 5, 8, 9, 12, 13);
    columns.row[i + 4] =
      __builtin_shufflevector(a, b, 2, 3, 6, 7, 10, 11, 14, 15);
  }
  return columns;
}

/// tuple_hash::add for 8 chunks.
KVC_AVX512 inline words add(words accumulators, words tokens) {
  const auto sum = accumulators + tokens * prime_2;
  return (sum << rotation | sum >> (64 - rotation)) * prime_1;
}

/// Hashes `groups` times `lanes` chunks.
KVC_AVX512 void hash_chunks(const std::uint32_t* tokens, std::size_t chunk_size,
                            std::uint64_t* hashes) {
  std::array<rows, groups> columns;
  rows sums;
  for (std::size_t group = 0; group < groups; ++group)
    sums.row[group] = words{} + prime_5;
  for (std::size_t at = 0; at < chunk_size; at += block) {
    for (std::size_t group = 0; group < groups; ++group)
      columns[group] =
        load_columns(tokens + at + group * lanes * chunk_size, chunk_size);
    for (std::size_t i = 0; i < lanes; ++i)
      for (std::size_t group = 0; group < groups; ++group) {
        const auto pair = columns[group].row[i];
        const auto sum = add(sums.row[group], pair & UINT32_MAX);
        sums.row[group] = add(sum, pair >> 32);
      }
  }
  std::memcpy(hashes, &sums, groups * sizeof(words));
  for (std::size_t i = 0; i < groups * lanes; ++i)
    hashes[i] = finish(hashes[i], chunk_size);
}

}  // namespace

std::size_t hash_with_avx512(const std::uint32_t* tokens,
                             std::size_t chunk_size, std::size_t chunk_count,
                             std::uint64_t* hashes) {
  static const bool can_run = __builtin_cpu_supports("avx512f") != 0 &&
                              __builtin_cpu_supports("avx512dq") != 0;
  if (!can_run || chunk_size % block != 0)
    return 0;
  constexpr auto step = groups * lanes;
  std::size_t done = 0;
  for (; done + step <= chunk_count; done += step)
    hash_chunks(tokens + done * chunk_size, chunk_size, hashes + done);
  return done;
}

}  // namespace kvc::tuple_hash

#else

std::size_t kvc::tuple_hash::hash_with_avx512(const std::uint32_t*, std::size_t,
                                              std::size_t, std::uint64_t*) {
  return 0;
}

#endif
