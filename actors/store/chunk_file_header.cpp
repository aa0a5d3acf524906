#include "actors/store/chunk_file_header.hpp"

#include "messages/errors.hpp"
#include "net/transport/checksum.hpp"

#include <array>
#include <cstddef>
#include <cstring>

namespace kvc {

namespace {

constexpr std::array<char, 8> magic{'k', 'v', 'c', 'c', 'h', 'u', 'n', 'k'};
constexpr std::uint32_t current_version = 1;

constexpr std::size_t max_model_bytes = 4'096;
constexpr std::size_t max_instance_bytes = 1'024;
constexpr std::size_t max_dtype_bytes = 48;
constexpr std::size_t max_dimensions = 16;

/// The layout of a file, little-endian as the platform is, without gaps: this,
/// then model, instance, dtype and shape, then the payload.
struct fixed_header {
  std::array<char, 8> signature = magic;
  std::uint32_t version = current_version;
  std::uint32_t header_bytes = 0;     ///< Up to the payload.
  std::uint64_t header_checksum = 0;  ///< XXH3 of all of them, with 0 here.
  std::uint64_t payload_checksum = 0;
  std::uint64_t hash = 0;
  std::uint64_t none_hash = 0;
  std::uint64_t raw_bytes = 0;
  std::uint64_t encoded_bytes = 0;  ///< Of the payload.
  std::uint32_t tokens = 0;
  std::uint32_t rank = 0;
  std::uint32_t chunk_size = 0;
  hash_algorithm algorithm = hash_algorithm::builtin;
  codec_id codec = codec_id::none;
  std::uint16_t model_bytes = 0;
  std::uint16_t instance_bytes = 0;
  std::uint16_t dtype_bytes = 0;
  std::uint32_t dimensions = 0;
};

constexpr std::size_t fixed_bytes = sizeof(fixed_header);

static_assert(fixed_bytes == 88);
static_assert(fixed_bytes + max_model_bytes + max_instance_bytes +
                max_dtype_bytes + 4 * max_dimensions <=
              chunk_file_header::max_bytes);

caf::error damaged(std::string_view what) {
  return caf::make_error(errc::invalid_request,
                         "chunk file: " + std::string{what});
}

std::size_t length_of(const fixed_header& x) {
  return fixed_bytes + x.model_bytes + x.instance_bytes + x.dtype_bytes +
         std::size_t{4} * x.dimensions;
}

/// Whether the sizes are such that encode() and decode() take them.
bool is_sound(const chunk_record& x) {
  return x.encoded_bytes > 0 &&
         x.raw_bytes <= chunk_file_header::max_chunk_bytes &&
         (x.codec == codec_id::none ? x.encoded_bytes == x.raw_bytes
                                    : x.encoded_bytes < x.raw_bytes) &&
         x.codec <= codec_id::int8;
}

fixed_header fixed_part(const chunk_file_header& x) {
  const auto& who = x.identity;
  return {
    .header_bytes = static_cast<std::uint32_t>(x.bytes()),
    .payload_checksum = x.payload_checksum,
    .hash = x.chunk.hash,
    .none_hash = who.hashing.none_hash,
    .raw_bytes = x.chunk.raw_bytes,
    .encoded_bytes = x.chunk.encoded_bytes,
    .tokens = x.chunk.tokens,
    .rank = who.id.rank,
    .chunk_size = who.hashing.chunk_size,
    .algorithm = who.hashing.algorithm,
    .codec = x.chunk.codec,
    .model_bytes = static_cast<std::uint16_t>(who.model.size()),
    .instance_bytes = static_cast<std::uint16_t>(who.id.instance.size()),
    .dtype_bytes = static_cast<std::uint16_t>(who.format.dtype.size()),
    .dimensions = static_cast<std::uint32_t>(who.format.shape.size()),
  };
}

/// Returns what the checksum in an encoded header has to be.
std::uint64_t header_checksum(std::span<const std::byte> header) {
  std::vector<std::byte> copy(header.begin(), header.end());
  std::memset(copy.data() + offsetof(fixed_header, header_checksum), 0,
              sizeof(fixed_header::header_checksum));
  return checksum_of(copy);
}

std::string take_text(std::span<const std::byte>& from, std::size_t bytes) {
  std::string result(bytes, '\0');
  std::memcpy(result.data(), from.data(), bytes);
  from = from.subspan(bytes);
  return result;
}

}  // namespace

std::size_t chunk_file_header::bytes() const {
  return fixed_bytes + identity.model.size() + identity.id.instance.size() +
         identity.format.dtype.size() + 4 * identity.format.shape.size();
}

caf::expected<std::vector<std::byte>> chunk_file_header::encode() const {
  const auto& [id, model, hashing, format, bytes_per_token] = identity;
  if (model.size() > max_model_bytes ||
      id.instance.size() > max_instance_bytes ||
      format.dtype.size() > max_dtype_bytes ||
      format.shape.size() > max_dimensions)
    return damaged("name too long");
  if (!is_sound(chunk))
    return damaged("sizes that make no sense");
  std::vector<std::byte> result;
  result.reserve(bytes());
  const auto append = [&result](const void* data, std::size_t size) {
    const auto* first = static_cast<const std::byte*>(data);
    result.insert(result.end(), first, first + size);
  };
  auto fixed = fixed_part(*this);
  append(&fixed, fixed_bytes);
  append(model.data(), model.size());
  append(id.instance.data(), id.instance.size());
  append(format.dtype.data(), format.dtype.size());
  append(format.shape.data(), 4 * format.shape.size());
  fixed.header_checksum = header_checksum(result);
  std::memcpy(result.data(), &fixed, fixed_bytes);
  return result;
}

caf::expected<chunk_file_header> chunk_file_header::decode(
  std::span<const std::byte> from) {
  fixed_header x;
  if (from.size() < fixed_bytes)
    return damaged("too short");
  std::memcpy(&x, from.data(), fixed_bytes);
  if (x.signature != magic || x.version != current_version)
    return damaged("not of this version");
  if (x.dimensions > max_dimensions || length_of(x) != x.header_bytes ||
      from.size() < x.header_bytes)
    return damaged("lengths that make no sense");
  if (header_checksum(from.first(x.header_bytes)) != x.header_checksum)
    return damaged("header checksum");
  chunk_file_header result;
  auto& [id, model, hashing, format, bytes_per_token] = result.identity;
  result.chunk = {x.hash, x.raw_bytes, x.encoded_bytes, x.tokens, x.codec};
  result.payload_checksum = x.payload_checksum;
  auto rest = from.subspan(fixed_bytes);
  model = take_text(rest, x.model_bytes);
  id = {take_text(rest, x.instance_bytes), x.rank};
  format.dtype = take_text(rest, x.dtype_bytes);
  format.shape.resize(x.dimensions);
  if (x.dimensions > 0)
    std::memcpy(format.shape.data(), rest.data(),
                std::size_t{4} * x.dimensions);
  hashing = {x.algorithm, x.chunk_size, x.none_hash};
  if (x.tokens > 0 && x.raw_bytes % x.tokens == 0)
    bytes_per_token = x.raw_bytes / x.tokens;
  if (!is_sound(result.chunk))
    return damaged("sizes that make no sense");
  return result;
}

}  // namespace kvc
