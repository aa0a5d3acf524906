#pragma once

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace kvc {

/// Names chunks by SHA-256 over canonical CBOR. Keeps its buffers between
/// chunks; not thread-safe, so make one per prompt. Throws std::bad_alloc.
class sha256_cbor {
 public:
  sha256_cbor();

  /// Returns the first 8 bytes, big endian, of the digest of
  /// [previous, [tokens...], []].
  std::uint64_t chunk_hash(std::uint64_t previous,
                           std::span<const std::uint32_t> tokens);

  /// Returns the same of a text string.
  std::uint64_t text_hash(std::string_view text);

 private:
  struct free_context {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  /// Makes room for `size` bytes of CBOR and returns where they begin.
  std::uint8_t* reserve(std::size_t size);

  /// Returns the hash of the CBOR that ends at `end`.
  std::uint64_t digest(const std::uint8_t* end);

  std::unique_ptr<EVP_MD_CTX, free_context> context_;
  std::vector<std::uint8_t> cbor_;
};

}  // namespace kvc
