#pragma once

#include "actors/store/catalog_store.hpp"
#include "actors/store/disk_folder.hpp"
#include "actors/store/disk_hold.hpp"
#include "actors/store/disk_queue.hpp"
#include "actors/store/disk_recovery.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace kvc {

struct disk_store_options {
  /// Belongs to the store, which makes it if it is missing.
  std::filesystem::path directory;
  std::uint64_t capacity_bytes = 0;  ///< Of all files of the identity.
  disk_identity identity;

  /// Whether files are only read until allow_changes().
  bool waits_to_change = false;

  /// The bytes of chunks that may wait to be written; more is not taken.
  std::uint64_t max_queue_bytes = std::uint64_t{256} << 20U;
  membership_listener* listener = nullptr;  ///< Optional; outlives the store.

  /// The clock that pins end by and that tells how long chunks wait.
  std::function<chunk_store::time_point()> now = std::chrono::steady_clock::now;

  /// Tells check() the bytes that the file system of a directory has left.
  std::function<caf::expected<std::uint64_t>(const std::filesystem::path&)>
    free_bytes = free_bytes_of;
};

/// The store of location::disk: chunks in local files. Thread-safe; no lock is
/// held while files are read, written, synced or removed.
///
/// A chunk is here once its file is complete and survives a power cut, until
/// its file is about to be removed; a power cut may undo clear(). Sizes are
/// those of files, headers included. When room is needed, the chunks unused for
/// longest are evicted, but none that is pinned or held. The chunks of one
/// offer count as used from the last to the first, so that a prompt loses its
/// tail first. Reading and recoding do not keep a chunk from being cleared.
class disk_store final : public catalog_store<disk_chunk> {
 public:
  /// Takes over the directory and the identity's files in it, see recover().
  /// Files of other identities stay as they are, and the log says how much room
  /// they take. The listener is not told of the chunks found; a scan lists
  /// them. A damaged payload is found when it is read. Fails with
  /// invalid_request if the directory or the identity cannot be used or another
  /// store has the directory, and with io_failed if a file can neither be read
  /// nor moved.
  static caf::expected<std::unique_ptr<disk_store>> open(
    disk_store_options options);

  /// Ends the time in which files are only read: chunks that are offered wait,
  /// and what recover() found in the way stays there. Only orders change files
  /// then: clear(), write() and recode(). Tells the listener of chunks found
  /// where earlier versions kept them. Takes as long as files take. Fails with
  /// io_failed if something cannot be read or moved; chunks are written
  /// nevertheless. Does nothing if files may be changed already. The thread of
  /// write_next() calls it.
  caf::error allow_changes();

  /// Calls `wake`, which must be short and must not call back, when there is
  /// something for write_next() to do, and at once if there is already. Does
  /// so again only after write_next() has left nothing. Empty: no more calls.
  void on_work(std::function<void()> wake);

  /// Takes chunks of one prompt, in order, to be written later. Lets go of
  /// those that are here, which count as used, of those that wait already, and
  /// of those for which the queue has no room.
  offer_result offer(std::vector<kept_chunk> chunks);

  /// Writes the chunk that waits longest and admits it once it is durable. Lets
  /// go of it if there is no room or writing fails: see status. Returns whether
  /// more chunks wait. Waits for another thread that writes one.
  bool write_next();

  std::vector<std::uint64_t> arriving() const override;

  bool bring_next() override { return write_next(); }

  /// Writes a chunk at once, past the queue, and admits it once it is durable:
  /// `done`. Otherwise `unchanged` (it is here), `no_room` or `failed`.
  chunk_outcome write(const kept_chunk& kept);

  /// Lets go of the chunks that wait and takes no more. Does not stop a write
  /// that is under way. Returns how many chunks it let go.
  std::size_t stop_offers();

  /// Returns what is known of a chunk that is here. Does not count as a use.
  std::optional<chunk_record> find(std::uint64_t hash) const;

  /// Counts those of `hashes` that are here as used, from the last to the
  /// first. For the reader of a prompt, when it is done.
  void touch(std::span<const std::uint64_t> hashes);

  /// Fills `raw` with the raw bytes of a chunk and counts it as used. Returns
  /// false, and `raw` is undefined, if the chunk is absent, of another size or
  /// cannot be read now. The same if its file is damaged or gone; the chunk is
  /// then evicted, and a damaged file quarantined.
  bool read(std::uint64_t hash, std::span<std::byte> raw);

  /// Like read(), but does not count as a use.
  bool peek(std::uint64_t hash, std::span<std::byte> raw);

  /// Returns whether peek() can read the chunk.
  bool verify(std::uint64_t hash);

  /// Holds a chunk. Returns nothing if it is absent.
  std::optional<disk_hold> hold(std::uint64_t hash);

  /// Counts since the store was opened, but for the first two.
  struct status {
    std::size_t queued_chunks = 0;  ///< Now, with the one being written.
    std::uint64_t queued_bytes = 0;
    std::uint64_t refused_chunks = 0;  ///< By offer(), for a full queue.
    std::uint64_t crowded_out = 0;     ///< Found no room beside pinned ones.
    std::uint64_t dropped_chunks = 0;  ///< Evicted, cleared or lost.
    std::uint64_t failed_writes = 0;   ///< With those of recode().
    std::uint64_t quarantined = 0;     ///< Files.
    std::string last_error;            ///< Empty if nothing failed yet.
  };
  status state() const;

  location_usage usage() const override;

  std::vector<chunk_change> clear(
    std::span<const std::uint64_t> hashes) override;

  /// While it runs, the old and the new file both take room.
  chunk_change recode(std::uint64_t hash, codec_id target) override;

  /// Also fails if the last write failed, if a chunk waits for longer than 30
  /// s, or if the file system has no space for a chunk as large as the largest
  /// so far, even after evicting others for it.
  std::string check() override;

 private:
  friend class disk_hold;
  class new_file;
  class recode_source;

  disk_store(disk_store_options options, disk_folder folder,
             recovered_files found);

  caf::error begin_changes(bool tells);
  void adopt(const disk_chunk& earlier, bool tells);
  void note_quarantined(std::size_t files);
  void note_others(const other_files& others) const;
  void quarantine(const std::filesystem::path& file);
  bool read_as(std::uint64_t hash, std::span<std::byte> raw, bool is_use);
  bool settle_failure(const disk_chunk& chunk, const caf::error& why);
  void remove_files(std::span<const disk_chunk> chunks);
  chunk_change swap_in(const disk_chunk& old, new_file& file);

  // Below here the caller holds the lock.
  const disk_chunk* find_chunk(std::uint64_t hash) const;
  void touch_all(std::span<const std::uint64_t> hashes);
  std::uint64_t used_bytes() const;
  std::optional<std::vector<disk_chunk>> set_aside(std::uint64_t bytes,
                                                   bool may_evict);
  void admit(new_file& file);
  chunk_change what_happened_to(const disk_chunk& old, codec_id target) const;
  void note_write(const caf::error& failure);
  void report_admitted(const disk_chunk& chunk);
  void report_evicted(std::span<const disk_chunk> chunks);
  std::string check_space(std::uint64_t free_bytes) const;

  disk_store_options options_;
  disk_folder folder_;
  std::mutex probing_;  ///< Taken before mutex_: one check() at a time.
  std::mutex writing_;  ///< Taken before mutex_: one write_next() at a time.
  disk_queue queue_;
  std::uint64_t set_aside_ = 0;  ///< Bytes of files that are no chunk's yet.
  std::uint64_t next_generation_;
  bool may_change_ = false;    ///< Files, without an order.
  recovered_files postponed_;  ///< What to tidy up then; without its chunks.
  std::uint64_t largest_file_ = 0;
  status status_;            ///< Without the queue's numbers.
  std::string write_fault_;  ///< Of the last write; empty if it succeeded.
};

}  // namespace kvc
