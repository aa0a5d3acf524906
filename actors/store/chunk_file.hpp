#pragma once

#include "actors/codec/codec.hpp"
#include "actors/store/file_handle.hpp"
#include "messages/hash_settings.hpp"
#include "messages/worker_id.hpp"

#include <string>
#include <vector>

namespace kvc {

/// Whose chunks files are: bytes of another model, rank, format or hashing are
/// of no use to anybody else.
struct disk_identity {
  worker_id id;
  std::string model;
  hash_settings hashing;
  chunk_format format;

  friend bool operator==(const disk_identity&, const disk_identity&) = default;
};

/// One chunk as a file has it.
struct chunk_record {
  std::uint64_t hash = 0;
  std::uint64_t raw_bytes = 0;      ///< Its size as stored.
  std::uint64_t encoded_bytes = 0;  ///< Its size in `codec`.
  std::uint32_t tokens = 0;
  codec_id codec = codec_id::none;

  friend bool operator==(const chunk_record&, const chunk_record&) = default;
};

/// What a chunk's file begins with: who wrote it, what follows, and checksums
/// of both. chunk_file_header.cpp has the layout.
struct chunk_file_header {
  /// No header is longer.
  static constexpr std::size_t max_bytes = 5'328;

  /// Larger chunks are neither written nor read.
  static constexpr std::uint64_t max_chunk_bytes = std::uint64_t{1} << 32U;

  disk_identity identity;
  chunk_record chunk;
  std::uint64_t payload_checksum = 0;  ///< XXH3 of the chunk's encoded bytes.

  /// Of its encoding; the payload follows.
  std::size_t bytes() const;

  /// Returns the encoding. Fails with invalid_request if a name or the shape
  /// is too long or the chunk's sizes make no sense.
  caf::expected<std::vector<std::byte>> encode() const;

  /// Reads what a file begins with; more may follow. Fails with
  /// invalid_request unless it is, bit for bit, what encode() returned once.
  static caf::expected<chunk_file_header> decode(
    std::span<const std::byte> from);
};

/// A chunk's file that is open for reading; it stays readable if the file is
/// removed meanwhile.
class chunk_file {
 public:
  /// Fails with io_failed if the file cannot be opened, and with
  /// invalid_request if its header is damaged or its size is not what that
  /// says. Does not look at the payload.
  static caf::expected<chunk_file> open(const std::filesystem::path& file);

  const chunk_file_header& header() const { return header_; }

  /// Reads all encoded bytes to `to`, which has their size. Fails with
  /// invalid_request, `to` being undefined, if they are not what was written.
  caf::error read(std::span<std::byte> to) const;

  /// Writes a chunk: afterwards all of it is in `file`, which must be new, and
  /// survives a power cut. If that fails, nothing is left behind. The sizes and
  /// the checksum follow from `bytes`. Fails with io_failed, or as
  /// chunk_file_header::encode does.
  static caf::error write(const std::filesystem::path& file,
                          chunk_file_header header,
                          std::span<const std::byte> bytes);

  /// What the name of a file ends with until it is complete.
  static constexpr std::string_view unfinished = ".part";

 private:
  chunk_file(file_handle file, chunk_file_header header)
      : file_(std::move(file)), header_(std::move(header)) {}

  file_handle file_;
  chunk_file_header header_;
};

}  // namespace kvc
