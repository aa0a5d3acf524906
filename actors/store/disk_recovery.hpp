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

  /// To be removed: older files of chunks that have a newer one, those beyond
  /// the capacity, and what was left unfinished.
  std::vector<std::filesystem::path> surplus{};

  /// To be quarantined.
  std::vector<std::filesystem::path> damaged{};
};

/// Sound files that are of no use to this identity, but to another.
struct other_files {
  std::filesystem::path folder{};
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

/// Finds the files at home, of which it reads the headers only, and changes
/// nothing. Keeps the latest file of each chunk and, if they exceed the
/// capacity, those written last. Damaged are also sound files of another
/// identity, which nobody would find here. Fails with io_failed if something
/// cannot be read.
caf::expected<recovered_files> recover(const disk_folder& folder,
                                       std::uint64_t capacity_bytes);

/// What lies in a directory itself, where earlier versions wrote.
struct earlier_files {
  recovered_files found;  ///< Its chunks are to be adopted.
  other_files others;     ///< To be left where they are.
};

/// The same for the files that lie in the directory itself, except that those
/// of other identities are sound.
caf::expected<earlier_files> recover_earlier(const disk_folder& folder,
                                             std::uint64_t capacity_bytes);

/// Removes and quarantines what `found` says. Fails with io_failed if a file
/// can be neither removed nor moved.
caf::error tidy(const disk_folder& folder, const recovered_files& found);

/// Removes files from the quarantine, those written first, until they take no
/// more than `max_bytes`. Fails with io_failed.
caf::error trim_quarantine(const disk_folder& from, std::uint64_t max_bytes);

/// Returns the homes of other identities, which are left as they are. Fails
/// with io_failed.
caf::expected<std::vector<other_files>> files_of_others(
  const disk_folder& folder);

}  // namespace kvc
