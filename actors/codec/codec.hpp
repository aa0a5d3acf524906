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

/// The tensor that the bytes of a full chunk are, in row-major order. Its last
/// dimension is channels, the one before it tokens; a partial chunk differs in
/// its number of tokens only.
struct chunk_format {
  std::string dtype;  ///< "bfloat16", "float16", "float32", ...; "" if unknown.
  std::vector<std::uint32_t> shape;  ///< Empty if unknown.

  friend bool operator==(const chunk_format&, const chunk_format&) = default;
};

/// How a location encodes a chunk's bytes. Files and peers keep the numbers.
enum class codec_id : std::uint8_t {
  none = 0,  ///< The bytes as the engine stored them, called raw.
  zstd = 1,  ///< Bytes shuffled by the dtype's width, then Zstandard.
  lz4 = 2,   ///< Bytes shuffled by the dtype's width, then LZ4.
  int8 = 3,  ///< Lossy: 8-bit integers with one scale per channel.
};

/// Returns the enumerator's own name.
std::string to_string(codec_id x);

/// Returns the codec of this name, one of compression_methods.
std::optional<codec_id> codec_named(std::string_view name);

/// Encodes `raw` with `target`, which is not codec_id::none. The result starts
/// with a codec_header, so that decode needs no format. Returns nothing if it
/// is not smaller than `raw`. Fails with invalid_request if `target` cannot
/// encode chunks of this format and size. Thread-safe. Each thread that encodes
/// keeps memory of twice the largest chunk; one that decodes, of its size.
caf::expected<std::optional<std::vector<std::byte>>> encode(
  codec_id target, std::span<const std::byte> raw, const chunk_format& format);

/// Fills `raw` with what encode() was given; the two have the same size. int8
/// restores it within the bound of docs/compression.md, the others bit for bit.
/// Fails with invalid_request if `encoded` is damaged, and `raw` is undefined
/// then. Thread-safe.
caf::error decode(codec_id source, std::span<const std::byte> encoded,
                  std::span<std::byte> raw);

}  // namespace kvc
