#pragma once

#include "actors/codec/codec.hpp"
#include "actors/store/arena.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kvc {

class cpu_store;

/// What a store must know of a chunk to take it in.
struct new_chunk {
  std::uint64_t hash = 0;
  std::uint64_t bytes = 0;
  std::uint32_t tokens = 0;

  // Of chunks that come from a peer as it keeps them.
  codec_id codec = codec_id::none;  ///< Of the `bytes`.
  std::uint64_t raw_bytes = 0;      ///< As stored; 0: they are the `bytes`.
  std::optional<std::uint64_t> checksum{};  ///< Of the `bytes`, if known.
};

/// Holds chunks of a cpu_store, which must outlive it, for reading. Their bytes
/// stay as they are until it is destroyed.
class chunk_reader {
 public:
  struct chunk {
    std::span<const std::byte> bytes;  ///< In `codec`.
    codec_id codec = codec_id::none;
    std::uint64_t raw_bytes = 0;  ///< Its size as stored.
    std::uint32_t tokens = 0;
    std::uint64_t offset = 0;  ///< Of the bytes, in the store's memory.
    std::optional<std::uint64_t> checksum{};  ///< Of the bytes, if known.
  };

  chunk_reader(chunk_reader&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)),
        is_use_(other.is_use_),
        holds_(std::move(other.holds_)),
        chunks_(std::move(other.chunks_)) {}
  chunk_reader& operator=(chunk_reader&&) = delete;
  ~chunk_reader();

  /// In the order they were asked for.
  std::span<const chunk> chunks() const { return chunks_; }

 private:
  friend class cpu_store;

  struct hold {
    std::uint32_t entry = 0;
    arena::block memory;  ///< Of the entry, when it was asked for.
  };

  chunk_reader(cpu_store* store, bool is_use)
      : store_(store), is_use_(is_use) {}

  cpu_store* store_;
  bool is_use_;
  std::vector<hold> holds_;
  std::vector<chunk> chunks_;
};

/// Holds room in a cpu_store, which must outlive it, for chunks to come. Nobody
/// sees them before commit(); without it they never were.
class chunk_writer {
 public:
  chunk_writer(chunk_writer&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)),
        parts_(std::move(other.parts_)) {}
  chunk_writer& operator=(chunk_writer&&) = delete;
  ~chunk_writer();

  /// How many of the chunks asked for are here or have room, from the first on.
  std::size_t size() const { return parts_.size(); }

  /// Where to write chunk `i`; empty if it is here already. Valid until
  /// commit().
  std::span<std::byte> room(std::size_t i) const;

  /// Where that is in the store's memory, in bytes from its beginning.
  std::uint64_t offset(std::size_t i) const { return parts_[i].memory.offset; }

  /// Says what `checksum_of` the bytes written for chunk `i` gives.
  void set_checksum(std::size_t i, std::uint64_t checksum) {
    parts_[i].chunk.checksum = checksum;
  }

  /// Admits what was written; call it once. Returns how many chunks that are,
  /// without those that somebody else has admitted meanwhile.
  std::size_t commit();

 private:
  friend class cpu_store;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct part {
    new_chunk chunk;
    arena::block memory;         ///< Ours while there is no entry.
    std::uint32_t entry = none;  ///< Of a chunk that is here.
  };

  explicit chunk_writer(cpu_store* store) : store_(store) {}

  cpu_store* store_;
  std::vector<part> parts_;
};

}  // namespace kvc
