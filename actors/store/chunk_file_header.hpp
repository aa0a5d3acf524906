#pragma once

#include "actors/store/chunk_record.hpp"
#include "messages/hash_settings.hpp"
#include "messages/worker_id.hpp"

#include <string>
#include <vector>

namespace kvc {

/// Whose chunks a file may hold: chunks of another model, rank, format, hashing
/// or size are of no use to a worker.
struct disk_identity {
  worker_id id;
  std::string model;
  hash_settings hashing;
  chunk_format format;

  /// Raw bytes. A header does not have it: decode() computes it from the
  /// chunk's sizes, and returns 0 if these make no whole number.
  std::uint64_t bytes_per_token = 0;

  friend bool operator==(const disk_identity&, const disk_identity&) = default;
};

/// The beginning of a chunk's file: who wrote it, which chunk follows, and
/// checksums of both. The layout is in chunk_file_header.cpp.
struct chunk_file_header {
  /// No header is longer.
  static constexpr std::size_t max_bytes = 5'328;

  /// Larger chunks are neither written nor read.
  static constexpr std::uint64_t max_chunk_bytes = std::uint64_t{1} << 32U;

  disk_identity identity;
  chunk_record chunk;
  std::uint64_t payload_checksum = 0;  ///< XXH3 of the chunk's encoded bytes.

  /// The size of the header in the file; the encoded chunk follows.
  std::size_t bytes() const;

  /// Returns the header as it is in the file. Fails with invalid_request if a
  /// name or the shape is too long or the chunk's sizes are inconsistent.
  caf::expected<std::vector<std::byte>> encode() const;

  /// Reads the header at the beginning of `from`. Fails with invalid_request if
  /// any bit differs from what encode() returned.
  static caf::expected<chunk_file_header> decode(
    std::span<const std::byte> from);
};

}  // namespace kvc
