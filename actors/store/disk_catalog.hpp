#pragma once

#include "actors/store/chunk_store.hpp"
#include "actors/store/chunk_table.hpp"
#include "actors/store/disk_folder.hpp"
#include "actors/store/lru.hpp"
#include "actors/store/pin_board.hpp"

#include <optional>
#include <vector>

namespace kvc {

/// A chunk that has a file.
struct disk_chunk {
  chunk_record record;
  std::uint64_t generation = 0;  ///< Of its file.
  std::uint64_t file_bytes = 0;

  chunk_file_name name() const { return {record.hash, generation}; }
};

/// The bookkeeping of a disk_store: which chunks have files, what they take of
/// its capacity, and which go first. Touches no files. Not thread-safe.
class disk_catalog {
 public:
  using time_point = chunk_store::time_point;

  explicit disk_catalog(std::uint64_t capacity_bytes)
      : capacity_bytes_(capacity_bytes) {}

  /// Returns null if the chunk is absent; valid until the next change.
  const disk_chunk* find(std::uint64_t hash) const;

  std::size_t size() const { return table_.size(); }

  /// Of chunks and of what is set aside.
  std::uint64_t used_bytes() const { return used_bytes_; }

  std::uint64_t capacity_bytes() const { return capacity_bytes_; }

  bool is_pinned(std::uint64_t hash) const { return pins_.is_pinned(hash); }

  bool is_held(std::uint64_t hash) const;

  /// Sets bytes aside if they are free. Returns whether they were.
  bool set_aside(std::uint64_t bytes);

  /// The same, but drops chunks to free them: those unused for longest, but
  /// none pinned, held or borrowed. Returns what it dropped; nothing, and drops
  /// nothing, if that cannot be enough.
  std::optional<std::vector<disk_chunk>> make_room(std::uint64_t bytes);

  /// Gives back what was set aside.
  void give_back(std::uint64_t bytes) { used_bytes_ -= bytes; }

  /// Adds a chunk, which must be absent, as used now. Its bytes were set aside.
  void admit(const disk_chunk& chunk);

  /// Gives a chunk that is here a new file. Its bytes were set aside; those of
  /// the old one are given back. Is no use of the chunk.
  void replace(const disk_chunk& chunk);

  /// Removes a chunk that is here, with its pins and holds and even if it is
  /// borrowed.
  void drop(std::uint64_t hash);

  /// Counts those of `hashes` that are here as used, from the last to the
  /// first.
  void touch(std::span<const std::uint64_t> hashes);

  /// Keeps a chunk that is here from being dropped for room until return_loan()
  /// or until it is replaced. Loans are counted.
  void borrow(std::uint64_t hash);

  void return_loan(const chunk_file_name& name);

  /// Keeps a chunk that is here from being dropped for room until release().
  /// Holds are counted. Returns what release() must be told.
  std::uint64_t hold(std::uint64_t hash);

  /// Ends a hold, unless the chunk has been dropped since, even if it is here
  /// again. A chunk without its last hold counts as used now.
  void release(std::uint64_t hash, std::uint64_t admission);

  /// Pins a chunk that is here.
  void pin(std::uint64_t hash, std::optional<time_point> until);

  /// Takes back a pin of a chunk that is here. Returns whether there was one;
  /// a chunk without its last pin counts as used now.
  bool unpin(std::uint64_t hash);

  /// Ends the pins whose time is over.
  void expire_pins(time_point now);

  /// See membership_source::scan.
  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const;

  /// Returns what is wrong with the bookkeeping; empty if nothing.
  std::string check() const;

 private:
  static constexpr std::uint32_t none = chunk_table::none;

  struct entry {
    disk_chunk chunk;
    std::uint64_t admission = 0;  ///< Its first generation since it is here.
    std::uint32_t borrowers = 0;  ///< Of this generation.
    std::uint32_t holders = 0;
    bool is_occupied = false;
    bool is_pinned = false;

    /// Whether it is in recency_.
    bool is_idle() const { return is_occupied && !is_pinned && holders == 0; }

    bool is_evictable() const { return is_idle() && borrowers == 0; }
  };

  void update(std::uint32_t index, const entry& next);
  void set_pinned(std::uint32_t index, bool is_pinned);
  std::uint32_t next_victim() const;

  std::uint64_t capacity_bytes_;
  std::uint64_t used_bytes_ = 0;
  std::uint64_t evictable_bytes_ = 0;
  chunk_table table_;           ///< Finds the occupied entries.
  std::vector<entry> entries_;  ///< Chunks never change places, for scan().
  std::vector<std::uint32_t> vacant_;  ///< The other entries.
  pin_board pins_;                     ///< Of chunks that are here.
  lru recency_;
};

}  // namespace kvc
