#pragma once

#include "actors/store/chunk_access.hpp"
#include "actors/store/disk_catalog.hpp"
#include "actors/store/disk_hold.hpp"
#include "actors/store/disk_queue.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace kvc {

struct disk_store_options {
  /// Belongs to the store; made if it is not there.
  std::filesystem::path directory;
  std::uint64_t capacity_bytes = 0;  ///< Of all files together.
  disk_identity identity;

  /// What may wait to be written; more is not taken. In bytes of chunks.
  std::uint64_t max_queue_bytes = std::uint64_t{256} << 20U;
  membership_listener* listener = nullptr;  ///< Optional; outlives the store.

  /// Tells when pins end and how long chunks wait.
  std::function<chunk_store::time_point()> now = std::chrono::steady_clock::now;

  /// Tells what the file system of a directory has left, for check().
  std::function<caf::expected<std::uint64_t>(const std::filesystem::path&)>
    free_bytes = free_bytes_of;
};

/// What became of the chunks of an offer; the others are here or wait already.
struct offer_result {
  std::size_t taken = 0;
  std::size_t refused = 0;  ///< For want of room in the queue.
};

/// Chunks in local files: location::disk. Thread-safe; no lock is held while
/// files are read, written, synced or removed.
///
/// A chunk is here once its file is complete and survives a power cut, and no
/// longer before its file is removed; clear() may be undone by a power cut.
/// Bytes of chunks here are those of their files, headers included. When room
/// is needed, the chunks unused for longest go first, but none that is pinned
/// or held. The chunks of one offer count as used from the last to the first,
/// so that a prompt loses its tail first. No read and no recode keeps a chunk
/// from being cleared.
class disk_store final : public chunk_store {
 public:
  /// Takes the directory over, with what it holds: damaged files and those of
  /// another identity are moved to its folder "quarantine"; over the capacity,
  /// the files written first are removed, in each of the two. Reports nothing
  /// to the listener: what it finds is part of the first scan. Looks at the
  /// files' headers only: what else is damaged is found when it is read. Fails
  /// with invalid_request if the directory or the identity cannot be used or
  /// another store has it, and with io_failed if a file can neither be read nor
  /// moved.
  static caf::expected<std::unique_ptr<disk_store>> open(
    disk_store_options options);

  /// From now on calls `wake`, unless it is empty, and no earlier one, when
  /// there is something to write after there was nothing; at once if something
  /// waits already. Called by the thread that offers, under the store's lock:
  /// must be short and must not call back.
  void on_work(std::function<void()> wake);

  /// Takes chunks to be written later, in order: a prompt's, from the first on.
  /// Those that are here or wait already, and those for which the queue has no
  /// room, are let go; those here count as used.
  offer_result offer(std::vector<kept_chunk> chunks);

  /// Writes the chunk that waits longest; it is durable, and admitted, when
  /// this returns. Lets it go if it has no room or cannot be written: see
  /// status. Returns whether anything waits still. For one thread at a time.
  bool write_next();

  /// Writes a chunk at once, past the queue: it is durable, and admitted, when
  /// this returns `done`. Else `unchanged` (it was here), `no_room` or
  /// `failed`.
  chunk_outcome write(const kept_chunk& kept);

  /// Lets go of what waits and takes no more offers. What is being written is
  /// written. Returns how many chunks it let go.
  std::size_t stop_offers();

  /// Returns how many of `hashes` are here (not merely waiting) up to the first
  /// that is not. Is no use of them.
  std::size_t count_prefix(std::span<const std::uint64_t> hashes) const;

  /// Returns what is known of a chunk that is here. Is no use of it.
  std::optional<chunk_record> find(std::uint64_t hash) const;

  /// Counts those of `hashes` that are here as used, from the last to the
  /// first: what the reader of a prompt calls when it is done.
  void touch(std::span<const std::uint64_t> hashes);

  /// Reads a chunk as it was stored to `raw`, and counts it as used. Returns
  /// false, `raw` being undefined, if it is not here, not of this size, cannot
  /// be read now, or is damaged or gone: then it is reported evicted, and
  /// quarantined.
  bool read(std::uint64_t hash, std::span<std::byte> raw);

  /// The same, but is no use of the chunk.
  bool peek(std::uint64_t hash, std::span<std::byte> raw);

  /// Returns whether peek() can read the chunk.
  bool verify(std::uint64_t hash);

  /// Holds a chunk; nothing if it is not here.
  std::optional<disk_hold> hold(std::uint64_t hash);

  struct status {
    std::size_t queued_chunks = 0;     ///< With the one that is being written.
    std::uint64_t queued_bytes = 0;    ///< Of those.
    std::uint64_t refused_chunks = 0;  ///< By the full queue, so far.
    std::uint64_t crowded_out = 0;     ///< No room beside pinned ones, so far.
    std::uint64_t dropped_chunks = 0;  ///< That were here, so far.
    std::uint64_t failed_writes = 0;   ///< So far, with those of recode().
    std::uint64_t quarantined = 0;     ///< Files, since the store was opened.
    std::string last_error;            ///< Empty if nothing failed yet.
  };
  status state() const;

  location_usage usage() const override;
  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const override;

  /// Those that are held are in_use. Those that wait, or are being written, are
  /// dropped too: they are not here, hence `absent`, and will not be.
  std::vector<chunk_change> clear(
    std::span<const std::uint64_t> hashes) override;

  std::vector<chunk_change> pin(std::span<const std::uint64_t> hashes,
                                std::optional<time_point> until) override;

  /// A chunk without its last pin counts as used now.
  std::vector<chunk_change> unpin(
    std::span<const std::uint64_t> hashes) override;

  /// Is no use of the chunk. A compressed form is placed as a new chunk is, one
  /// as stored only where capacity is free; both files count meanwhile. in_use
  /// if somebody else has recoded the chunk meanwhile, absent if it was
  /// cleared.
  chunk_change recode(std::uint64_t hash, codec_id target) override;

  /// Also writes, reads and removes a file, and fails if the last chunk could
  /// not be written, if one waits for longer than 30 s, or if the file system
  /// has no space for one as large as the largest so far, even with what would
  /// be evicted for it.
  std::string check() override;

 private:
  friend class disk_hold;
  class loan;
  class new_file;

  disk_store(disk_store_options options, disk_folder folder)
      : options_(std::move(options)),
        folder_(std::move(folder)),
        catalog_(options_.capacity_bytes),
        queue_(options_.max_queue_bytes) {}

  caf::error take_over();
  chunk_file_header header_of(const chunk_record& record) const;
  bool read_as(std::uint64_t hash, std::span<std::byte> raw, bool is_use);
  std::optional<disk_chunk> locate(std::uint64_t hash, std::size_t raw_bytes,
                                   bool is_use);
  caf::error load(const disk_chunk& chunk, std::span<std::byte> raw) const;
  bool is_over(const disk_chunk& chunk, const caf::error& why);
  void remove_files(std::span<const disk_chunk> chunks);
  bool finish_write(new_file& file, chunk_outcome outcome);
  chunk_change swap_in(const disk_chunk& old, new_file& file);

  // Below here the caller holds the lock.
  chunk_change what_happened_to(const disk_chunk& old, codec_id target) const;
  void admit(new_file& file);
  void report_admitted(std::uint64_t hash) const;
  void report_evicted(std::span<const disk_chunk> chunks);
  std::string check_space(std::uint64_t free_bytes) const;
  std::string check_queue(time_point now) const;

  disk_store_options options_;
  disk_folder folder_;
  std::mutex probing_;  ///< Taken before mutex_: one check() at a time.
  mutable std::mutex mutex_;
  disk_catalog catalog_;
  disk_queue queue_;
  std::uint64_t next_generation_ = 0;
  std::uint64_t largest_file_ = 0;
  status status_;             ///< Without the queue's numbers.
  std::string write_fault_;   ///< Of the last write; empty if it succeeded.
  bool is_refusing_ = false;  ///< Since the queue was empty for the last time.
  bool is_stopped_ = false;
};

}  // namespace kvc
