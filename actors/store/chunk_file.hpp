#pragma once

#include "actors/store/chunk_file_header.hpp"
#include "actors/store/file_handle.hpp"

#include <string_view>

namespace kvc {

/// A chunk's file, open for reading. It stays readable if it is removed.
class chunk_file {
 public:
  /// Reads the header only. Fails with io_failed if the file cannot be opened,
  /// and with invalid_request if its header is damaged or its size wrong.
  static caf::expected<chunk_file> open(const std::filesystem::path& file);

  const chunk_file_header& header() const { return header_; }

  /// Fills `to`, which has their size, with the encoded bytes. Fails with
  /// invalid_request, and `to` is undefined, if they are damaged.
  caf::error read(std::span<std::byte> to) const;

  /// Writes a chunk to `file`, which must be new, so that it survives a power
  /// cut; leaves nothing behind if that fails. Sets the size and the checksum
  /// in `header` from `bytes`. Fails with io_failed, or as
  /// chunk_file_header::encode does.
  static caf::error write(const std::filesystem::path& file,
                          chunk_file_header header,
                          std::span<const std::byte> bytes);

  /// The end of a file's name until the file is complete.
  static constexpr std::string_view unfinished = ".part";

 private:
  chunk_file(file_handle file, chunk_file_header header)
      : file_(std::move(file)), header_(std::move(header)) {}

  file_handle file_;
  chunk_file_header header_;
};

}  // namespace kvc
