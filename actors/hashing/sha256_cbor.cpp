#include "actors/hashing/sha256_cbor.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>

namespace kvc {

namespace {

enum class major_type : std::uint8_t {
  unsigned_integer = 0x00,
  text = 0x60,
  array = 0x80,
};

constexpr std::size_t max_head = 9;   // A type and a 64-bit argument.
constexpr std::size_t max_token = 8;  // An integer of 32 bits, and slack.

/// With SHA-256 at hand, only memory can be missing.
void require(bool is_done) {
  if (!is_done)
    throw std::bad_alloc{};
}

/// Fetched once, because each implicit fetch costs as much as a small digest.
const EVP_MD* sha256() {
  static const EVP_MD* const algorithm =
    EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return algorithm;
}

/// Writes a type with its argument in the shortest form; returns its end.
std::uint8_t* write_head(std::uint8_t* out, major_type type,
                         std::uint64_t argument) {
  const auto first = static_cast<unsigned>(type);
  if (argument < 24) {
    *out = static_cast<std::uint8_t>(first + argument);
    return out + 1;
  }
  const unsigned width = argument <= 0xFF         ? 0
                         : argument <= 0xFFFF     ? 1
                         : argument <= UINT32_MAX ? 2
                                                  : 3;
  *out++ = static_cast<std::uint8_t>(first + 24 + width);
  for (auto shift = 8U << width; shift > 0;) {
    shift -= 8;
    *out++ = static_cast<std::uint8_t>(argument >> shift);
  }
  return out;
}

/// As write_head for an integer, but without branches, which tokens of mixed
/// sizes would mispredict. May write `max_token` bytes.
std::uint8_t* write_token(std::uint8_t* out, std::uint32_t token) {
  struct form {
    std::uint64_t first;
    unsigned shift;
    unsigned size;
  };
  static constexpr std::array<form, 4> forms{
    {{0, 56, 1}, {0x18, 48, 2}, {0x19, 40, 3}, {0x1A, 24, 5}}};
  const auto& [first, shift, size] =
    forms[unsigned{token >= 24} + unsigned{token > 0xFF} +
          unsigned{token > 0xFFFF}];
  const auto bytes =
    __builtin_bswap64(first << 56U | std::uint64_t{token} << shift);
  std::memcpy(out, &bytes, sizeof bytes);
  return out + size;
}

}  // namespace

sha256_cbor::sha256_cbor() : context_(EVP_MD_CTX_new()) {
  require(context_ != nullptr && sha256() != nullptr);
}

std::uint64_t sha256_cbor::chunk_hash(std::uint64_t previous,
                                      std::span<const std::uint32_t> tokens) {
  auto* out = reserve(3 * max_head + max_token * tokens.size());
  out = write_head(out, major_type::array, 3);
  out = write_head(out, major_type::unsigned_integer, previous);
  out = write_head(out, major_type::array, tokens.size());
  for (auto token : tokens)
    out = write_token(out, token);
  out = write_head(out, major_type::array, 0);
  return digest(out);
}

std::uint64_t sha256_cbor::text_hash(std::string_view text) {
  auto* out = reserve(max_head + text.size());
  out = write_head(out, major_type::text, text.size());
  return digest(std::copy(text.begin(), text.end(), out));
}

std::uint8_t* sha256_cbor::reserve(std::size_t size) {
  if (cbor_.size() < size)
    cbor_.resize(size);
  return cbor_.data();
}

std::uint64_t sha256_cbor::digest(const std::uint8_t* end) {
  std::array<std::uint8_t, 32> bytes;
  require(EVP_DigestInit_ex(context_.get(), sha256(), nullptr) == 1);
  const auto size = static_cast<std::size_t>(end - cbor_.data());
  require(EVP_DigestUpdate(context_.get(), cbor_.data(), size) == 1);
  require(EVP_DigestFinal_ex(context_.get(), bytes.data(), nullptr) == 1);
  std::uint64_t result = 0;
  for (unsigned i = 0; i < sizeof result; ++i)
    result = result << 8U | bytes[i];
  return result;
}

}  // namespace kvc
