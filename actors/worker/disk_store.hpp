#pragma once

#include "actors/worker/chunk_access.hpp"
#include "actors/worker/chunk_store.hpp"
#include "messages/hash_settings.hpp"

#include <caf/expected.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace kvc {

/// Whose chunks the files of a disk_store are: bytes of another model, rank or
/// hashing are of no use to anybody else.
struct disk_identity {
  worker_id id;
  std::string model;
  hash_settings hashing;
  chunk_format format;
};

struct disk_store_options {
  /// Belongs to the store; made if it is not there.
  std::filesystem::path directory;
  std::uint64_t capacity_bytes = 0;  ///< Of all files together.
  disk_identity identity;

  /// What may wait to be written; more is not taken. In bytes of chunks.
  std::uint64_t max_queue_bytes = std::uint64_t{256} << 20U;
  membership_listener* listener = nullptr;  ///< Optional; outlives the store.
};

/// Bytes that somebody keeps until they are written.
struct kept_chunk {
  new_chunk chunk;           ///< As stored: `bytes` is the raw size.
  codec form = codec::none;  ///< Of `bytes`.
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;  ///< Keeps `bytes` as they are.
};

/// Chunks in local files: location::disk. Thread-safe; no lock is held while
/// files are read, written or synced.
class disk_store final : public chunk_store {
 public:
  /// Takes the directory over, with what it holds: damaged files and those of
  /// another identity are moved to its folder "quarantine". Reports nothing to
  /// the listener: what it finds is part of the first scan. Fails with
  /// invalid_request if the directory cannot be used or another process has it.
  static caf::expected<std::unique_ptr<disk_store>> open(
    disk_store_options options);

  ~disk_store() override;

  /// Called by the thread that offers, when there is something to write after
  /// there was nothing; must be short. Set it before the first offer.
  void on_work(std::function<void()> wake);

  /// Takes chunks to be written later, in order. Those that are here or wait
  /// already, and those for which the queue has no room, are let go. Returns
  /// how many it took.
  std::size_t offer(std::vector<kept_chunk> chunks);

  /// Writes the chunk that waits longest; it is durable, and admitted, when
  /// this returns. When room is needed, the chunks unused for longest go first.
  /// Returns whether anything waits still. For one thread at a time.
  bool write_next();

  /// Returns how many of `hashes` are here (not merely waiting) up to the first
  /// that is not. Is no use of them.
  std::size_t count_prefix(std::span<const std::uint64_t> hashes) const;

  /// Reads a chunk as it was stored to `raw`. Returns false if it is not here,
  /// not of this size, or damaged: then it is quarantined and reported evicted.
  bool read(std::uint64_t hash, std::span<std::byte> raw);

  struct status {
    std::size_t queued_chunks = 0;
    std::uint64_t queued_bytes = 0;
    std::uint64_t refused_chunks = 0;  ///< Over the queue's limit, so far.
    std::uint64_t failed_writes = 0;   ///< So far.
    std::uint64_t quarantined = 0;     ///< Files, so far.
    std::string last_error;            ///< Empty if nothing failed yet.
  };
  status state() const;

  location_usage usage() const override;
  membership_source::scan_step scan(std::uint64_t cursor,
                                    std::size_t max_entries) const override;
  std::vector<chunk_change> clear(
    std::span<const std::uint64_t> hashes) override;
  std::vector<chunk_change> pin(std::span<const std::uint64_t> hashes,
                                std::optional<time_point> until) override;
  std::vector<chunk_change> unpin(
    std::span<const std::uint64_t> hashes) override;
  chunk_change recode(std::uint64_t hash, codec target) override;

  /// Also fails if the file system has no space for one more chunk.
  std::string check() override;

 private:
  struct parts;

  explicit disk_store(std::unique_ptr<parts> state);

  std::unique_ptr<parts> parts_;
};

}  // namespace kvc
