#include "actors/peers/lease_check.hpp"

#include "actors/codec/codec_header.hpp"

namespace kvc {

namespace {

/// Returns whether a tensor of `shape`, but of `tokens`, has `bytes`. A peer
/// may name any shape, so nothing may overflow.
bool has_size(const std::vector<std::uint32_t>& shape, std::uint32_t tokens,
              std::size_t width, std::uint64_t bytes) {
  const auto token_dimension = shape.size() - 2;
  std::uint64_t size = width;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::uint64_t count = i == token_dimension ? tokens : shape[i];
    if (count == 0 || size > bytes / count)
      return false;
    size *= count;
  }
  return size == bytes;
}

}  // namespace

bool are_alike(const chunk_format& x, const chunk_format& y) {
  const auto is_same_dtype = x.dtype.empty() || y.dtype.empty() ||
                             plain_dtype(x.dtype) == plain_dtype(y.dtype);
  const auto is_same_shape =
    x.shape.empty() || y.shape.empty() || x.shape == y.shape;
  return is_same_dtype && is_same_shape;
}

bool is_consistent(const leased_chunk& chunk, const chunk_format& format) {
  const auto is_raw = chunk.codec == static_cast<std::uint8_t>(codec_id::none);
  if (chunk.bytes == 0 || (is_raw ? chunk.bytes != chunk.raw_bytes
                                  : chunk.bytes >= chunk.raw_bytes))
    return false;
  const auto& shape = format.shape;
  if (shape.size() < 2)
    return true;
  if (chunk.tokens > shape[shape.size() - 2])
    return false;
  const auto width = known_width_of(format.dtype);
  return !width || has_size(shape, chunk.tokens, *width, chunk.raw_bytes);
}

bool is_as_leased(std::span<const std::byte> bytes, const leased_chunk& chunk,
                  const chunk_format& format) {
  const auto codec = static_cast<codec_id>(chunk.codec);
  if (codec == codec_id::none)
    return true;
  const auto header = codec_header::read(bytes, codec, chunk.raw_bytes);
  if (!header)
    return false;
  const auto numbers = number_type_of(format.dtype);
  return codec != codec_id::int8 || numbers == number_type::unknown ||
         header->numbers == numbers;
}

}  // namespace kvc
