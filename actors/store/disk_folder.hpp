#pragma once

#include "actors/store/chunk_file.hpp"

#include <filesystem>
#include <vector>

namespace kvc {

/// Names one file of a disk_folder. The generation is another one every time a
/// file is written, so that a name never means two files.
struct chunk_file_name {
  std::uint64_t hash = 0;
  std::uint64_t generation = 0;

  /// The first generation that no file may have.
  static constexpr std::uint64_t generations = std::uint64_t{1} << 62U;

  friend bool operator==(const chunk_file_name&,
                         const chunk_file_name&) = default;
};

/// A directory of chunk files, which are spread over 256 folders by their hash.
/// Calls for different names may run at once.
class disk_folder {
 public:
  /// Makes the directory if it is not there and locks it until the result ends.
  /// Fails with invalid_request if it cannot be used or somebody else uses it.
  static caf::expected<disk_folder> open(
    const std::filesystem::path& directory);

  struct found_file {
    chunk_file_name name;
    chunk_record chunk;
    std::filesystem::file_time_type written;
  };

  struct found_files {
    std::vector<found_file> files;  ///< In no particular order.
    std::uint64_t quarantined = 0;
  };

  /// Lists the files of `identity`, looking at no more than their headers.
  /// Removes what was left unfinished and quarantines what is damaged or of
  /// another identity. Fails with io_failed if there is something that can
  /// neither be read nor quarantined.
  caf::expected<found_files> sort_out(const disk_identity& identity) const;

  std::filesystem::path path_of(const chunk_file_name& name) const;

  /// See chunk_file::write.
  caf::error write(const chunk_file_name& name, chunk_file_header header,
                   std::span<const std::byte> bytes) const;

  /// Removes a file that may be gone already.
  caf::error remove(const chunk_file_name& name) const;

  /// Moves a file, which may be gone already, to the folder "quarantine", where
  /// nothing is ever overwritten; people may look at it there and delete it.
  caf::error quarantine(const std::filesystem::path& file) const;

  /// Removes files from quarantine, those written first, until they take no
  /// more than `max_bytes`.
  caf::error trim_quarantine(std::uint64_t max_bytes) const;

  /// Writes, reads and removes a file. Not for two threads at once.
  caf::error probe() const;

  const std::filesystem::path& directory() const { return directory_; }

 private:
  disk_folder(std::filesystem::path directory, file_handle lock)
      : directory_(std::move(directory)), lock_(std::move(lock)) {}

  caf::error sort_out_folder(const std::filesystem::path& folder,
                             const disk_identity& identity,
                             found_files& result) const;
  caf::error sort_out_file(const std::filesystem::path& file,
                           const disk_identity& identity,
                           found_files& result) const;

  std::filesystem::path directory_;
  file_handle lock_;
};

/// Returns the bytes that the file system of `directory` has left for us.
/// Fails with io_failed.
caf::expected<std::uint64_t> free_bytes_of(
  const std::filesystem::path& directory);

}  // namespace kvc
