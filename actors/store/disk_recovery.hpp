#pragma once

#include "actors/store/disk_folder.hpp"

#include <vector>

namespace kvc {

/// What a store that opens a disk_folder starts with.
struct recovered_files {
  std::vector<disk_chunk>
    chunks{};                    ///< In the order in which they were written.
  std::uint64_t used_bytes = 0;  ///< Of their files.
  std::uint64_t next_generation = 0;  ///< Greater than that of any file.
  std::size_t removed = 0;            ///< Sound files.
  std::uint64_t quarantined = 0;      ///< Files.
};

/// Sorts out the files of a directory, of which it reads the headers only.
/// Keeps the latest file of each chunk and, if they exceed the capacity, those
/// written last; removes the others and what was left unfinished. Moves files
/// that are damaged or of another identity to the quarantine, which keeps to
/// the same capacity. Fails with io_failed if a file can neither be read nor
/// moved.
caf::expected<recovered_files> recover(const disk_folder& folder,
                                       std::uint64_t capacity_bytes);

}  // namespace kvc
