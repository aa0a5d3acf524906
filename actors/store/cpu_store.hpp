#pragma once

#include "actors/store/arena.hpp"
#include "actors/store/catalog_store.hpp"
#include "actors/store/chunk_access.hpp"

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvc {

struct cpu_store_options {
  membership_listener* listener = nullptr;  ///< Optional; outlives the store.
  chunk_format format{};                    ///< The same for all chunks.

  /// The clock that pins end by.
  std::function<chunk_store::time_point()> now = std::chrono::steady_clock::now;
};

/// A chunk in memory, as a cpu_store keeps it.
struct cpu_chunk {
  chunk_record record;
  arena::block memory;
  std::optional<std::uint64_t> checksum{};  ///< Of the bytes, if known.

  std::uint64_t bytes() const { return record.encoded_bytes; }
  std::uint64_t room() const { return arena::rounded(record.encoded_bytes); }

  /// Different blocks have different ids until they are released.
  std::uint32_t version() const { return memory.id; }
};

/// The store of location::cpu: chunks in host memory. Thread-safe; no lock is
/// held while chunk bytes are read, written, encoded or decoded.
///
/// When room is needed, the chunks unused for longest are evicted. A use lasts
/// until its chunk_reader or chunk_writer ends. Chunks in use stay, and so do
/// pinned ones. The chunks of one reader or writer count as used from the last
/// to the first, so that a prompt loses its tail first and stays a prefix.
class cpu_store final : public catalog_store<cpu_chunk> {
 public:
  cpu_store(arena memory, cpu_store_options options)
      : catalog_store(std::move(options.now)),
        listener_(options.listener),
        format_(std::move(options.format)),
        memory_(std::move(memory)) {}

  /// Holds the chunks of `hashes` for reading, up to the first that is absent.
  chunk_reader acquire(std::span<const std::uint64_t> hashes);

  /// Like acquire(), but does not count as a use: the chunks keep their place
  /// in the order of eviction. They are not evicted meanwhile, but clear()
  /// drops them; the bytes stay until the reader ends.
  chunk_reader borrow(std::span<const std::uint64_t> hashes);

  /// Holds the chunks that are here and makes room for the others, up to the
  /// first for which there is none beside what is in use or pinned; nothing is
  /// evicted for that one. Evicts chunks that were not asked for first, then
  /// later chunks of `chunks` in favour of earlier ones.
  chunk_writer reserve(std::span<const new_chunk> chunks);

  /// Makes room for a chunk that passes through, whether or not it is here. Do
  /// not commit the writer.
  chunk_writer stage(const new_chunk& chunk);

  /// Remembers the `checksum_of` the bytes of the reader's chunk `i`.
  void note_checksum(const chunk_reader& reader, std::size_t i,
                     std::uint64_t checksum);

  /// Drops a chunk whose bytes are damaged, even if it is pinned, unless it is
  /// in use.
  void discard(std::uint64_t hash);

  /// The bytes used include those that writers hold and those that readers
  /// still hold of chunks since cleared or recoded.
  location_usage usage() const override;

  /// The format of all chunks.
  const chunk_format& format() const { return format_; }

  /// How many chunks were dropped so far, for whatever reason.
  std::uint64_t drops() const;

  std::vector<chunk_change> clear(
    std::span<const std::uint64_t> hashes) override;

  chunk_change recode(std::uint64_t hash, codec_id target) override;

  /// Writes, reads and drops bytes only if there is free memory for them. Holds
  /// the lock for 0.1 s for a million chunks.
  std::string check() override;

 private:
  friend class chunk_reader;
  friend class chunk_writer;
  class spare_block;

  /// Memory that was a chunk's until it was recoded or cleared.
  struct old_block {
    arena::block memory;
    std::uint32_t readers = 0;
  };

  chunk_reader read(std::span<const std::uint64_t> hashes, bool is_use);
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
  void touch(std::span<const new_chunk> chunks);
  std::uint32_t admit(const new_chunk& chunk, arena::block memory);
  void drop(std::uint32_t place);
  void retire(const catalog::entry& x);
  void give_back(const chunk_reader::hold& held, bool is_use);
  std::optional<arena::block> make_room(std::uint64_t bytes);
  void report_drops();
  std::string check_round_trip();

  membership_listener* listener_;
  chunk_format format_;
  arena memory_;
  std::unordered_map<std::uint32_t, old_block> old_blocks_;  ///< By block id.
  std::vector<std::uint64_t> dropped_;  ///< To be reported before unlocking.
  std::uint64_t drops_ = 0;             ///< Reported ones.
};

}  // namespace kvc
