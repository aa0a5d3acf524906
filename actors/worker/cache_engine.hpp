#pragma once

#include "actors/codec/codec.hpp"
#include "actors/peers/peer_source.hpp"
#include "actors/store/cpu_store.hpp"
#include "actors/store/disk_store.hpp"
#include "messages/hash_settings.hpp"
#include "messages/lookup.hpp"

#include <caf/expected.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

struct cache_engine_options {
  hash_settings hashing{};
  bool save_unfull_chunk = false;    ///< Whether a last, partial chunk is kept.
  std::uint64_t capacity_bytes = 0;  ///< Of the memory; 0: no location::cpu.

  /// Where the chunks in memory lie; outlives the engine. Empty: the engine
  /// takes memory of its own.
  std::span<std::byte> region{};

  /// Whether to compute checksums for peers when chunks are stored.
  bool keeps_checksums = false;
  std::unique_ptr<disk_store> disk{};  ///< Null: no location::disk.
  std::uint64_t bytes_per_token = 0;   ///< Of one rank; positive.
  chunk_format format{};
  /// Hears of the memory's changes; optional, outlives the engine. The disk has
  /// a listener of its own.
  membership_listener* listener = nullptr;

  /// Tells when pins in memory end.
  std::function<chunk_store::time_point()> now = std::chrono::steady_clock::now;
};

/// What became of the chunks of one store call: every chunk counts once.
struct store_result {
  std::size_t stored = 0;
  std::size_t already_held = 0;

  /// In memory all chunks from the first one on that found no room, because
  /// everything else was in use: a chunk without its predecessor is useless.
  /// Without memory, the chunks that found no room in the disk's queue.
  std::size_t failed = 0;

  friend bool operator==(const store_result&, const store_result&) = default;
};

/// The KV cache of one rank, as the inference code calls it: in memory, on disk
/// or both. Memory is written and read first. The disk gets a copy of all that
/// is stored, later, as long as its queue has room; what is found on disk only
/// comes back to memory. Thread-safe; no lock is held while bytes are copied.
/// `hashing` and `save_unfull_chunk` say which chunks a prompt has; a chunk has
/// bytes_per_token bytes for each of its tokens. Tokens behind the last chunk
/// are ignored.
class cache_engine final : public membership_source {
 public:
  /// Fails with invalid_request if there is no location or chunks have no size,
  /// and as arena::map does.
  static caf::expected<std::unique_ptr<cache_engine>> make(
    cache_engine_options options);

  /// Keeps the chunks of `tokens`; `chunks` has one span for each, in order.
  /// Chunks that are held already are not copied and count as used. Fails with
  /// invalid_request, changing nothing, if number or size of `chunks` is wrong,
  /// and with no_capacity if not even the first chunk is held afterwards.
  caf::expected<store_result> store(
    std::span<const std::uint32_t> tokens,
    std::span<const std::span<const std::byte>> chunks);

  /// From now on retrieve() asks `peers` for what it does not find here. Null,
  /// the default, asks nobody; set it before `peers` ends.
  void set_peers(std::shared_ptr<peer_source> peers);

  /// Copies the first chunks of `tokens` to `destinations`, in order, up to the
  /// first that is not held. Compressed chunks are restored, damaged ones
  /// dropped. Returns how many tokens were copied. Fails with invalid_request
  /// if there are more destinations than chunks or one has the wrong size.
  caf::expected<std::size_t> retrieve(
    std::span<const std::uint32_t> tokens,
    std::span<const std::span<std::byte>> destinations);

  /// Returns how many tokens of the prompt are held from the first one on. The
  /// chunks do not count as used.
  std::size_t contains(std::span<const std::uint32_t> tokens) const;

  /// Drops the chunks of `tokens` that are not in use from all locations.
  /// Returns how many copies were dropped.
  std::size_t evict(std::span<const std::uint32_t> tokens);

  /// Returns whether the chunk is held. It does not count as used.
  bool has(std::uint64_t hash) const;

  /// Returns how many of the chunks retrieved so far came from peers, and how
  /// many bytes these had as stored.
  std::uint64_t chunks_from_peers() const { return chunks_from_peers_; }
  std::uint64_t bytes_from_peers() const { return bytes_from_peers_; }

  /// Returns how many chunks its locations have dropped so far, for whatever
  /// reason.
  std::uint64_t drops() const;

  scan_step scan(location where, std::uint64_t cursor,
                 std::size_t max_entries) const override;

  std::vector<location_usage> usage() const override;

  /// The stores, which live as long as the engine; null where it has none.
  chunk_store* at(location where) const;
  cpu_store* cpu() const { return cpu_.get(); }
  disk_store* disk() const { return disk_.get(); }

 private:
  using sources = std::span<const std::span<const std::byte>>;
  using targets = std::span<const std::span<std::byte>>;

  explicit cache_engine(cache_engine_options options);

  store_result store_in_memory(std::span<const new_chunk> parts,
                               sources chunks);
  store_result store_on_disk(std::span<const new_chunk> parts, sources chunks);
  void write_behind(std::span<const new_chunk> parts);
  std::size_t copy_from_memory(std::span<const std::uint64_t> hashes,
                               targets to);
  std::size_t copy_from_stores(std::span<const new_chunk> parts,
                               std::span<const std::uint64_t> hashes,
                               targets to);
  std::size_t copy_from_peers(std::span<const new_chunk> parts,
                              std::span<const std::uint64_t> hashes,
                              targets to);
  void keep_in_memory(std::span<const new_chunk> parts, targets copies);
  std::size_t count_prefix(std::span<const std::uint64_t> hashes) const;
  std::vector<new_chunk> cut(std::span<const std::uint32_t> tokens) const;

  std::unique_ptr<const prompt_hasher> hasher_;
  std::uint64_t bytes_per_token_;
  bool keeps_checksums_;
  std::unique_ptr<cpu_store> cpu_;
  std::unique_ptr<disk_store> disk_;
  std::atomic<std::shared_ptr<peer_source>> peers_;
  std::atomic<std::uint64_t> chunks_from_peers_ = 0;
  std::atomic<std::uint64_t> bytes_from_peers_ = 0;
};

}  // namespace kvc
