#include "actors/hashing/builtin_hash.hpp"

#include "actors/hashing/tuple_hash.hpp"

#include <array>
#include <bit>

namespace kvc {

namespace {

constexpr int modulus_bits = 61;
constexpr std::uint64_t modulus = (std::uint64_t{1} << modulus_bits) - 1;
constexpr std::uint64_t empty_tuple_hash =
  tuple_hash::finish(tuple_hash::prime_5, 0);
static_assert(empty_tuple_hash == 5740354900026072187U);

/// Hashes the tuples of `Count` chunks at once: each is one long chain of
/// dependent multiplications, so that alone it leaves the processor idle.
template <std::size_t Count>
void hash_interleaved(const std::uint32_t* tokens, std::size_t chunk_size,
                      std::uint64_t* hashes) {
  std::array<std::uint64_t, Count> sums;
  sums.fill(tuple_hash::prime_5);
  for (std::size_t at = 0; at < chunk_size; ++at)
    for (std::size_t i = 0; i < Count; ++i)
      sums[i] = tuple_hash::add(sums[i], tokens[i * chunk_size + at]);
  for (std::size_t i = 0; i < Count; ++i)
    hashes[i] = tuple_hash::finish(sums[i], chunk_size);
}

/// The secret's first 16 bytes, as CPython derives it from PYTHONHASHSEED.
std::array<std::uint64_t, 2> text_hash_key(std::uint32_t seed) {
  std::array<std::uint64_t, 2> key{};
  if (seed == 0)
    return key;
  for (unsigned i = 0; i < 16; ++i) {
    seed = seed * 214013U + 2531011U;
    key[i / 8] |= std::uint64_t{(seed >> 16U) & 0xFFU} << (i % 8 * 8);
  }
  return key;
}

struct sip_state {
  std::uint64_t v0, v1, v2, v3;

  explicit sip_state(const std::array<std::uint64_t, 2>& key)
      : v0(key[0] ^ 0x736f6d6570736575U),
        v1(key[1] ^ 0x646f72616e646f6dU),
        v2(key[0] ^ 0x6c7967656e657261U),
        v3(key[1] ^ 0x7465646279746573U) {}

  void mix() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }

  void absorb(std::uint64_t word) {
    v3 ^= word;
    mix();
    v0 ^= word;
  }
};

}  // namespace

std::int64_t builtin_int_hash(std::int64_t value) {
  const bool is_negative = value < 0;
  const auto bits = static_cast<std::uint64_t>(value);
  const auto magnitude = is_negative ? 0 - bits : bits;
  auto rest = (magnitude & modulus) + (magnitude >> modulus_bits);
  if (rest >= modulus)
    rest -= modulus;
  const auto result = static_cast<std::int64_t>(is_negative ? 0 - rest : rest);
  return result == -1 ? -2 : result;
}

std::int64_t builtin_text_hash(std::string_view text, std::uint32_t seed) {
  sip_state state{text_hash_key(seed)};
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (i % 8 * 8);
    if (i % 8 == 7) {
      state.absorb(word);
      word = 0;
    }
  }
  state.absorb(word | std::uint64_t{text.size()} << 56U);
  state.v2 ^= 0xFFU;
  for (int i = 0; i < 3; ++i)
    state.mix();
  const auto result =
    static_cast<std::int64_t>(state.v0 ^ state.v1 ^ state.v2 ^ state.v3);
  return result == -1 ? -2 : result;
}

std::uint64_t builtin_tuple_hash(std::span<const std::uint32_t> tokens) {
  std::uint64_t hash = 0;
  hash_interleaved<1>(tokens.data(), tokens.size(), &hash);
  return hash;
}

std::vector<std::uint64_t> builtin_tuple_hashes(
  std::span<const std::uint32_t> tokens, std::size_t chunk_size) {
  const auto count = tokens.size() / chunk_size;
  std::vector<std::uint64_t> hashes(count);
  auto at = tuple_hash::hash_with_avx512(tokens.data(), chunk_size, count,
                                         hashes.data());
  for (; at + 8 <= count; at += 8)
    hash_interleaved<8>(&tokens[at * chunk_size], chunk_size, &hashes[at]);
  for (; at + 2 <= count; at += 2)
    hash_interleaved<2>(&tokens[at * chunk_size], chunk_size, &hashes[at]);
  if (at < count)
    hash_interleaved<1>(&tokens[at * chunk_size], chunk_size, &hashes[at]);
  return hashes;
}

std::uint64_t builtin_chunk_hash(std::uint64_t previous,
                                 std::uint64_t tuple_hash) {
  const auto first = builtin_int_hash(static_cast<std::int64_t>(previous));
  auto sum = tuple_hash::prime_5;
  for (auto lane :
       {static_cast<std::uint64_t>(first), tuple_hash, empty_tuple_hash})
    sum = tuple_hash::add(sum, lane);
  return tuple_hash::finish(sum, 3);
}

}  // namespace kvc
