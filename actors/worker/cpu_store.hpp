#pragma once

#include "actors/worker/arena.hpp"
#include "actors/worker/chunk_access.hpp"
#include "actors/worker/chunk_table.hpp"
#include "actors/worker/lru.hpp"
#include "actors/worker/membership.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// Chunks in host memory: location::cpu. Thread-safe; no lock is held while
/// chunk bytes are read or written.
///
/// When room is needed, the chunks unused for longest go first. A use lasts
/// until its reader or writer ends, and until then the chunk stays. The chunks
/// of one reader or writer count as used from the last to the first, so that a
/// prompt loses its tail first: what is left is still a prefix of it.
class cpu_store {
 public:
  /// Changes are told to `listener` if there is one. It must outlive the store.
  cpu_store(arena memory, membership_listener* listener)
      : memory_(std::move(memory)), listener_(listener) {}

  /// Returns how many of `hashes` are here up to the first that is not. Is no
  /// use of them.
  std::size_t count_prefix(std::span<const std::uint64_t> hashes) const;

  /// Holds those of `hashes` that are here up to the first that is not.
  chunk_reader acquire(std::span<const std::uint64_t> hashes);

  /// Holds those of `chunks` that are here and makes room for the others, up
  /// to the first that cannot be placed because of what is in use. What cannot
  /// fit beside that evicts nothing. Earlier chunks have precedence over later
  /// ones, these over chunks not asked for.
  chunk_writer reserve(std::span<const new_chunk> chunks);

  /// Drops those of `hashes` that are here and not in use; returns how many.
  std::size_t evict(std::span<const std::uint64_t> hashes);

  /// See membership_source::scan.
  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const;

  /// Room that writers hold counts as used.
  location_usage usage() const;

  /// Checks the bookkeeping and, if there is free memory, writes, reads and
  /// drops a block. Returns what is wrong; empty if nothing. Takes time and the
  /// lock in proportion to the number of chunks: 0.1 s for a million.
  std::string check();

 private:
  friend class chunk_reader;
  friend class chunk_writer;

  static constexpr std::uint32_t none = chunk_table::none;

  /// A place for a chunk. While it has users it is not in recency_.
  struct entry {
    std::uint64_t hash = 0;
    std::uint64_t bytes = 0;
    arena::block memory;
    std::uint32_t tokens = 0;
    std::uint32_t users = 0;
    bool is_occupied = false;
  };

  void release(std::span<const std::uint32_t> entries);
  std::size_t commit(std::span<chunk_writer::part> parts);
  void abandon(std::span<const chunk_writer::part> parts);

  // Below here the caller holds the lock.
  void hold(std::uint32_t index);
  void let_go(std::uint32_t index);
  void touch(std::span<const new_chunk> chunks);
  std::uint32_t admit(const new_chunk& chunk, arena::block memory);
  void drop(std::uint32_t index);
  std::optional<arena::block> make_room(std::uint64_t bytes);
  void report_evictions();
  std::string check_entries() const;
  std::string check_round_trip();

  mutable std::mutex mutex_;
  arena memory_;
  membership_listener* listener_;
  chunk_table table_;           ///< Finds the occupied entries.
  std::vector<entry> entries_;  ///< Chunks never change places, for scan().
  std::vector<std::uint32_t> vacant_;   ///< The other entries.
  lru recency_;                         ///< The entries without users.
  std::uint64_t evictable_bytes_ = 0;   ///< Memory of those.
  std::vector<std::uint64_t> dropped_;  ///< To be reported before unlocking.
};

}  // namespace kvc
