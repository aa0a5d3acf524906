#pragma once

#include "actors/store/chunk_file.hpp"

#include <filesystem>
#include <optional>
#include <vector>

namespace kvc {

/// The name of one file in a disk_folder. Every file that is written gets a new
/// generation, so that no name is ever used twice.
struct chunk_file_name {
  std::uint64_t hash = 0;
  std::uint64_t generation = 0;

  /// Generations are smaller.
  static constexpr std::uint64_t generations = std::uint64_t{1} << 62U;

  friend bool operator==(const chunk_file_name&,
                         const chunk_file_name&) = default;
};

/// A chunk that has a file.
struct disk_chunk {
  chunk_record record;
  std::uint64_t generation = 0;
  std::uint64_t file_bytes = 0;

  chunk_file_name name() const { return {record.hash, generation}; }

  std::uint64_t bytes() const { return file_bytes; }
  std::uint64_t room() const { return file_bytes; }
  std::uint64_t version() const { return generation; }
};

/// A directory of chunk files, in which every identity has a folder of its own,
/// its home, and the quarantine. In a home the files are spread over 256
/// folders by their hash. Calls for different names may run at once.
class disk_folder {
 public:
  /// Makes the directory if it is missing and locks it until the result ends;
  /// makes nothing else. Fails with invalid_request if the directory or the
  /// identity cannot be used or somebody else has the lock.
  static caf::expected<disk_folder> open(const std::filesystem::path& directory,
                                         disk_identity identity);

  const disk_identity& identity() const { return identity_; }

  const std::filesystem::path& directory() const { return directory_; }

  /// The folder of this identity. Made with its first file.
  const std::filesystem::path& home() const { return home_; }

  /// Whether a folder has the name of a home, of whatever identity.
  static bool is_home(const std::filesystem::path& folder);

  std::filesystem::path path_of(const chunk_file_name& name) const;

  /// Returns the name of a file that lies where path_of() says, in this home or
  /// in another folder.
  std::optional<chunk_file_name> name_of(
    const std::filesystem::path& file) const;

  /// Moves a file home that lies in the directory itself, where earlier
  /// versions wrote them.
  caf::error adopt(const chunk_file_name& old,
                   const chunk_file_name& name) const;

  /// Describes the file for a chunk.
  disk_chunk describe_file(const chunk_record& chunk,
                           std::uint64_t generation) const;

  /// Writes the encoded bytes of a chunk, see chunk_file::write.
  caf::error write(const disk_chunk& chunk,
                   std::span<const std::byte> bytes) const;

  /// Fills `raw`, which has the chunk's size, with its raw bytes. Fails with
  /// invalid_request if the file is damaged or another chunk's, with io_failed
  /// if it cannot be read; `raw` is undefined then.
  caf::error read(const disk_chunk& chunk, std::span<std::byte> raw) const;

  /// Removes a file. It is no error if there is none.
  caf::error remove(const chunk_file_name& name) const;

  /// The folder for damaged files. They are neither used nor overwritten;
  /// people may look at them and delete them.
  std::filesystem::path quarantine_directory() const;

  /// Moves a file to the quarantine. It is no error if there is none.
  caf::error quarantine(const std::filesystem::path& file) const;

  /// Writes, reads and removes a test file. One thread at a time may call it.
  caf::error probe() const;

 private:
  disk_folder(std::filesystem::path directory, std::filesystem::path home,
              disk_identity identity, std::uint64_t header_bytes,
              file_handle lock)
      : directory_(std::move(directory)),
        home_(std::move(home)),
        identity_(std::move(identity)),
        header_bytes_(header_bytes),
        lock_(std::move(lock)) {}

  caf::error make_folders_for(const std::filesystem::path& file) const;

  std::filesystem::path directory_;
  std::filesystem::path home_;
  disk_identity identity_;
  std::uint64_t header_bytes_;  ///< Of every file.
  file_handle lock_;
};

/// Returns the bytes that the file system of `directory` has left for us.
/// Fails with io_failed.
caf::expected<std::uint64_t> free_bytes_of(
  const std::filesystem::path& directory);

}  // namespace kvc
