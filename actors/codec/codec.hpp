#pragma once

#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// What the bytes of a full chunk are: a row-major tensor. Its last dimension
/// counts channels, the one before it tokens; a partial chunk has fewer tokens
/// and is the same otherwise.
struct chunk_format {
  std::string dtype;  ///< "bfloat16", "float16", "float32", ...; "" if unknown.
  std::vector<std::uint32_t> shape;  ///< Empty if unknown.

  friend bool operator==(const chunk_format&, const chunk_format&) = default;
};

/// The form in which a location keeps a chunk. The numbers are in files.
enum class codec : std::uint8_t {
  none = 0,  ///< As stored.
  zstd = 1,  ///< Bytes shuffled by the dtype's width, then Zstandard.
  lz4 = 2,   ///< Bytes shuffled by the dtype's width, then LZ4.
  int8 = 3,  ///< Lossy: 8-bit integers with one scale per channel.
};

/// Returns the enumerator's own name.
std::string to_string(codec x);

/// Returns the codec of this name, one of compression_methods.
std::optional<codec> codec_named(std::string_view name);

/// Returns `raw` in the form of `target`, which is self-describing: decode
/// needs neither format nor codec parameters. Nothing if that is not smaller
/// than `raw`. Fails with invalid_request if `target` cannot take chunks of
/// this format and size. `target` is not codec::none. Thread-safe; a thread
/// that encodes keeps memory of twice the largest chunk, one that decodes of
/// once.
caf::expected<std::optional<std::vector<std::byte>>> encode(
  codec target, std::span<const std::byte> raw, const chunk_format& format);

/// Restores what `encode` was given to `raw`, which has its size: bit for bit,
/// or for int8 within the bound of docs/compression.md. Fails with
/// invalid_request if `encoded` is damaged, `raw` being undefined then.
/// Thread-safe.
caf::error decode(codec source, std::span<const std::byte> encoded,
                  std::span<std::byte> raw);

}  // namespace kvc
