#pragma once

#include "actors/store/arena.hpp"
#include "actors/store/chunk_access.hpp"
#include "actors/store/chunk_store.hpp"
#include "actors/store/chunk_table.hpp"
#include "actors/store/lru.hpp"
#include "actors/store/pin_board.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvc {

struct cpu_store_options {
  membership_listener* listener = nullptr;  ///< Optional; outlives the store.
  chunk_format format{};                    ///< Of all its chunks.

  /// Tells when pins end.
  std::function<chunk_store::time_point()> now = std::chrono::steady_clock::now;
};

/// Chunks in host memory: location::cpu. Thread-safe; no lock is held while
/// chunk bytes are read, written, encoded or decoded.
///
/// When room is needed, the chunks unused for longest go first. A use lasts
/// until its reader or writer ends, and until then the chunk stays; so does a
/// pinned chunk, as if in use. The chunks of one reader or writer count as used
/// from the last to the first, so that a prompt loses its tail first: what is
/// left is still a prefix of it.
class cpu_store final : public chunk_store {
 public:
  cpu_store(arena memory, cpu_store_options options)
      : options_(std::move(options)), memory_(std::move(memory)) {}

  /// Returns how many of `hashes` are here up to the first that is not. Is no
  /// use of them.
  std::size_t count_prefix(std::span<const std::uint64_t> hashes) const;

  /// Holds those of `hashes` that are here up to the first that is not.
  chunk_reader acquire(std::span<const std::uint64_t> hashes);

  /// The same, but is no use of them: they are not evicted meanwhile, and go on
  /// in the order of eviction as if nothing had been. clear() drops them.
  chunk_reader borrow(std::span<const std::uint64_t> hashes);

  /// Holds those of `chunks` that are here and makes room for the others, up
  /// to the first that cannot be placed because of what is in use or pinned.
  /// What cannot fit beside that evicts nothing. Earlier chunks have precedence
  /// over later ones, these over chunks not asked for.
  chunk_writer reserve(std::span<const new_chunk> chunks);

  /// Makes room for bytes that only pass through and are never committed, be
  /// the chunk here or not.
  chunk_writer stage(const new_chunk& chunk);

  /// Remembers what `checksum_of` a held chunk's bytes gives.
  void note_checksum(const chunk_reader& reader, std::size_t i,
                     std::uint64_t checksum);

  /// Drops a chunk whose bytes are damaged, even if it is pinned, but not while
  /// it is in use.
  void discard(std::uint64_t hash);

  /// What writers hold, and forms of chunks that somebody reads still, count as
  /// used.
  location_usage usage() const override;

  /// Of all its chunks.
  const chunk_format& format() const { return options_.format; }

  /// How many chunks were dropped so far, for whatever reason.
  std::uint64_t drops() const;

  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const override;

  /// Bytes of chunks that are borrowed stay until they are given back.
  std::vector<chunk_change> clear(
    std::span<const std::uint64_t> hashes) override;

  std::vector<chunk_change> pin(std::span<const std::uint64_t> hashes,
                                std::optional<time_point> until) override;

  /// A chunk without its last pin counts as used now.
  std::vector<chunk_change> unpin(
    std::span<const std::uint64_t> hashes) override;

  /// Is no use of the chunk. A compressed form is placed as a new chunk is, one
  /// that is larger only where memory is free. in_use if somebody else has
  /// recoded or replaced the chunk meanwhile, absent if it was cleared.
  chunk_change recode(std::uint64_t hash, codec_id target) override;

  /// If there is no free memory, does without the writing. Takes time and the
  /// lock in proportion to the number of chunks: 0.1 s for a million.
  std::string check() override;

 private:
  friend class chunk_reader;
  friend class chunk_writer;
  class spare_block;

  static constexpr std::uint32_t none = chunk_table::none;

  /// A place for a chunk.
  struct entry {
    std::uint64_t hash = 0;
    std::uint64_t bytes = 0;
    std::uint64_t raw_bytes = 0;
    arena::block memory;
    std::uint32_t tokens = 0;
    std::uint32_t users = 0;      ///< Readers and writers.
    std::uint32_t readers = 0;    ///< Those of the users that read `memory`.
    std::uint32_t borrowers = 0;  ///< Of `memory`.
    std::optional<std::uint64_t> checksum{};  ///< Of the bytes, if known.
    codec_id codec = codec_id::none;
    bool is_occupied = false;
    bool is_pinned = false;

    /// Whether it is in recency_.
    bool is_idle() const { return is_occupied && users == 0 && !is_pinned; }

    bool is_evictable() const { return is_idle() && borrowers == 0; }
  };

  /// Memory that was a chunk's until it was recoded or cleared.
  struct old_block {
    arena::block memory;
    std::uint32_t holders = 0;
  };

  chunk_reader hold(std::span<const std::uint64_t> hashes, bool is_use);
  void release(const chunk_reader& reader);
  std::size_t commit(std::span<chunk_writer::part> parts);
  void abandon(std::span<const chunk_writer::part> parts);
  static chunk_outcome restore(const chunk_reader::chunk& chunk,
                               spare_block& room);
  chunk_outcome compress(const chunk_reader::chunk& chunk, codec_id target,
                         spare_block& room);
  chunk_change swap_in(std::uint64_t hash, const chunk_reader::hold& old,
                       codec_id codec, spare_block& room);

  // Below here the caller holds the lock.
  void update(std::uint32_t index, const entry& next);
  void add_user(std::uint32_t index);
  void remove_user(std::uint32_t index);
  void touch(std::span<const new_chunk> chunks);
  std::uint32_t admit(const new_chunk& chunk, arena::block memory);
  void drop(std::uint32_t index);
  chunk_change clear_one(std::uint64_t hash);
  void set_pinned(std::uint32_t index, bool is_pinned);
  void retire(const entry& x);
  void give_back(const chunk_reader::hold& held, bool is_use);
  void expire_pins();
  std::uint32_t next_victim() const;
  std::optional<arena::block> make_room(std::uint64_t bytes);
  void report_evictions();
  std::string check_entries() const;
  std::string check_round_trip();

  cpu_store_options options_;
  mutable std::mutex mutex_;
  arena memory_;
  chunk_table table_;           ///< Finds the occupied entries.
  std::vector<entry> entries_;  ///< Chunks never change places, for scan().
  std::vector<std::uint32_t> vacant_;  ///< The other entries.
  pin_board pins_;                     ///< Of chunks that are here.
  lru recency_;
  std::uint64_t evictable_bytes_ = 0;
  std::unordered_map<std::uint32_t, old_block> old_blocks_;  ///< By block id.
  std::vector<std::uint64_t> dropped_;  ///< To be reported before unlocking.
  std::uint64_t drops_ = 0;             ///< Reported ones.
};

}  // namespace kvc
