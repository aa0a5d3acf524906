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

  /// Where the chunks in memory lie; outlives the engine. Empty: in memory of
  /// its own.
  std::span<std::byte> region{};

  /// Whether to note checksums of what is stored in memory, for peers.
  bool keeps_checksums = false;
  std::unique_ptr<disk_store> disk{};  ///< Null: no location::disk.
  std::uint64_t bytes_per_token = 0;   ///< Of one rank; positive.
  chunk_format format{};
  /// Of the memory; optional, outlives the engine. The disk has its own.
  membership_listener* listener = nullptr;

  /// Tells when pins in memory end.
  std::function<chunk_store::time_point()> now = std::chrono::steady_clock::now;
};

/// What became of the chunks of one store call: every chunk counts once.
struct store_result {
  std::size_t stored = 0;
  std::size_t already_held = 0;

  /// In memory, from the first chunk on for which there was no room, because
  /// all else was in use: a chunk whose predecessor is missing is of no use.
  /// Without memory, those that the disk's queue had no room for.
  std::size_t failed = 0;

  friend bool operator==(const store_result&, const store_result&) = default;
};

/// The KV cache of one rank, as the inference code calls it: in memory, on disk
/// or both. Memory is written and read first; the disk gets a copy of all that
/// is stored, later, as long as its queue has room, and what is found there
/// only is kept in memory again. Thread-safe; calls hold no lock while they
/// copy bytes. A prompt of n tokens has the chunks that `hashing` and
/// `save_unfull_chunk` give it; each has bytes_per_token bytes for each of its
/// tokens. Tokens behind the last chunk are ignored.
class cache_engine final : public membership_source {
 public:
  /// Fails with invalid_request if there is no location or chunks have no size,
  /// or as arena::map does.
  static caf::expected<std::unique_ptr<cache_engine>> make(
    cache_engine_options options);

  /// Keeps the chunks of `tokens`, `chunks` being one span for each in order.
  /// Those held already are not copied and count as used. Fails with
  /// invalid_request, changing nothing, if number or size of `chunks` is wrong,
  /// and with no_capacity if not even the first chunk is held afterwards.
  caf::expected<store_result> store(
    std::span<const std::uint32_t> tokens,
    std::span<const std::span<const std::byte>> chunks);

  /// Asks `peers` for what retrieve() does not find here; none by default. Call
  /// it before the first retrieve(); `peers` may end before the engine if it is
  /// told so first, by null.
  void set_peers(std::shared_ptr<peer_source> peers);

  /// Copies the chunks of `tokens` to `destinations`, one for each of the first
  /// chunks in order, up to the first that is not held; compressed ones are
  /// restored, damaged ones dropped. Returns how many tokens these are. Fails
  /// with invalid_request if there are more destinations than chunks or one has
  /// the wrong size.
  caf::expected<std::size_t> retrieve(
    std::span<const std::uint32_t> tokens,
    std::span<const std::span<std::byte>> destinations);

  /// Returns how many tokens of the prompt are held from the first one on. Does
  /// not count as a use.
  std::size_t contains(std::span<const std::uint32_t> tokens) const;

  /// Drops the chunks of `tokens` that are not in use, from all locations;
  /// returns how many places that were.
  std::size_t evict(std::span<const std::uint32_t> tokens);

  /// Returns whether the chunk is held. Does not count as a use.
  bool has(std::uint64_t hash) const;

  /// How many of the chunks retrieved so far came from peers for it, and of how
  /// many bytes as stored.
  std::uint64_t chunks_from_peers() const { return chunks_from_peers_; }
  std::uint64_t bytes_from_peers() const { return bytes_from_peers_; }

  /// How many chunks its locations have dropped so far, for whatever reason.
  std::uint64_t drops() const;

  scan_step scan(location where, std::uint64_t cursor,
                 std::size_t max_entries) const override;

  std::vector<location_usage> usage() const override;

  /// The store of a location; null if there is none. It lives as long as the
  /// engine.
  chunk_store* at(location where);
  const chunk_store* at(location where) const;

  /// The stores themselves, null if there is none; they live as long as the
  /// engine.
  cpu_store* cpu() { return cpu_ ? &*cpu_ : nullptr; }
  disk_store* disk() { return disk_.get(); }

  std::uint64_t bytes_per_token() const { return bytes_per_token_; }

  /// Checks location::cpu, see cpu_store::check. Returns what is wrong; empty
  /// if nothing.
  std::string check_cpu();

  /// Checks location::disk, see disk_store::check. Returns what is wrong.
  std::string check_disk();

  const chunk_format& format() const { return format_; }

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
  chunk_format format_;
  std::optional<cpu_store> cpu_;
  std::unique_ptr<disk_store> disk_;
  std::atomic<std::shared_ptr<peer_source>> peers_;
  std::atomic<std::uint64_t> chunks_from_peers_ = 0;
  std::atomic<std::uint64_t> bytes_from_peers_ = 0;
};

}  // namespace kvc
