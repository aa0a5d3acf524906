#pragma once

#include "messages/fwd.hpp"

#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>

namespace kvc {

/// How a prompt's chunks are named. The numbers travel between processes.
enum class hash_algorithm : std::uint8_t {
  builtin = 0,      ///< CPython's hash().
  sha256_cbor = 1,  ///< SHA-256 over canonical CBOR, cut to 64 bits.
};

/// Returns the name LMCache's configuration uses: "builtin", "sha256_cbor".
std::string to_string(hash_algorithm algorithm);

/// Everything that chunk hashes depend on. Two sides whose settings differ
/// never find each other's chunks.
struct hash_settings {
  hash_algorithm algorithm = hash_algorithm::builtin;
  std::uint32_t chunk_size = 256;  ///< Tokens per chunk; positive.
  std::uint64_t none_hash = 0;     ///< Stands before the first chunk.

  friend bool operator==(const hash_settings&, const hash_settings&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, hash_settings& x) {
    return f(caf::meta::type_name("hash_settings"), x.algorithm, x.chunk_size,
             x.none_hash);
  }
};

}  // namespace kvc
