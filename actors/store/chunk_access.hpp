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

/// A chunk to be kept in a store.
struct new_chunk {
  std::uint64_t hash = 0;
  std::uint64_t bytes = 0;
  std::uint32_t tokens = 0;

  // For chunks that come encoded from a peer.
  codec_id codec = codec_id::none;          ///< How the `bytes` are encoded.
  std::uint64_t raw_bytes = 0;              ///< The raw size; 0: it is `bytes`.
  std::optional<std::uint64_t> checksum{};  ///< Of the `bytes`, if known.
};

/// Holds chunks of a cpu_store for reading. Their bytes do not change until it
/// ends, which must be before the store ends.
class chunk_reader {
 public:
  struct chunk {
    std::span<const std::byte> bytes;
    codec_id codec = codec_id::none;  ///< How the bytes are encoded.
    std::uint64_t raw_bytes = 0;      ///< The raw size.
    std::uint32_t tokens = 0;
    std::uint64_t offset = 0;  ///< Where the bytes are in the store's arena.
    std::optional<std::uint64_t> checksum{};  ///< Of the bytes, if known.
  };

  chunk_reader(chunk_reader&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)),
        is_use_(other.is_use_),
        holds_(std::move(other.holds_)),
        chunks_(std::move(other.chunks_)) {}
  chunk_reader& operator=(chunk_reader&&) = delete;
  ~chunk_reader();

  /// In the order in which they were asked for.
  std::span<const chunk> chunks() const { return chunks_; }

 private:
  friend class cpu_store;

  struct hold {
    std::uint32_t place = 0;  ///< In the store's catalog.
    arena::block memory;
  };

  chunk_reader(cpu_store* store, bool is_use)
      : store_(store), is_use_(is_use) {}

  cpu_store* store_;
  bool is_use_;
  std::vector<hold> holds_;
  std::vector<chunk> chunks_;
};

/// Holds room in a cpu_store for chunks to come. Nobody sees them before
/// commit(); without it the room is given back. It must end before the store.
class chunk_writer {
 public:
  chunk_writer(chunk_writer&& other) noexcept
      : store_(std::exchange(other.store_, nullptr)),
        parts_(std::move(other.parts_)) {}
  chunk_writer& operator=(chunk_writer&&) = delete;
  ~chunk_writer();

  /// How many chunks, from the first one asked for on, are here or have room.
  std::size_t size() const { return parts_.size(); }

  /// Where to write chunk `i`; empty if it is here already. Valid until
  /// commit().
  std::span<std::byte> room(std::size_t i) const;

  /// Where room(i) is in the store's arena, in bytes from its beginning.
  std::uint64_t offset(std::size_t i) const { return parts_[i].memory.offset; }

  /// Notes the `checksum_of` the bytes written for chunk `i`.
  void set_checksum(std::size_t i, std::uint64_t checksum) {
    parts_[i].chunk.checksum = checksum;
  }

  /// Admits what was written; call it once. Returns how many chunks are new,
  /// for somebody else may have admitted the same ones first.
  std::size_t commit();

 private:
  friend class cpu_store;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct part {
    new_chunk chunk;
    arena::block memory;         ///< Ours if the chunk has no place yet.
    std::uint32_t place = none;  ///< In the store's catalog, if it is here.
  };

  explicit chunk_writer(cpu_store* store) : store_(store) {}

  cpu_store* store_;
  std::vector<part> parts_;
};

}  // namespace kvc
