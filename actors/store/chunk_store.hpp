#pragma once

#include "actors/codec/codec.hpp"
#include "actors/store/membership.hpp"
#include "messages/control.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// What became of one chunk. Tokens and bytes mean something only if the
/// outcome is `done`. The bytes are those that the chunk takes in its location.
struct chunk_change {
  chunk_outcome outcome = chunk_outcome::absent;
  std::uint32_t tokens = 0;
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;

  friend bool operator==(const chunk_change&, const chunk_change&) = default;
};

/// One location of a worker, as control commands see it. Thread-safe. Calls
/// block while they read, write and encode: do not make them in actors.
class chunk_store {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~chunk_store() = default;

  virtual location_usage usage() const = 0;

  /// See membership_source::scan.
  virtual membership_source::scan_step scan(std::uint64_t cursor,
                                            std::size_t max_entries) const = 0;

  /// Returns the chunks that are on their way here, so that scan() does not
  /// list them yet, the next one first.
  virtual std::vector<std::uint64_t> arriving() const { return {}; }

  /// Has one of them arrive. Returns whether more can.
  virtual bool bring_next() { return false; }

  /// Drops the chunks of `hashes` that are neither pinned nor in use, and those
  /// that are on their way here. Returns one outcome for each hash; the
  /// membership_listener is told first.
  virtual std::vector<chunk_change> clear(
    std::span<const std::uint64_t> hashes) = 0;

  /// Adds a pin to each chunk of `hashes`, up to the first that is absent. It
  /// ends at the time `until`, if there is one, or by unpin(). A chunk can have
  /// several pins. Returns one outcome for each hash: `done`, then `absent`.
  virtual std::vector<chunk_change> pin(std::span<const std::uint64_t> hashes,
                                        std::optional<time_point> until) = 0;

  /// Takes back one pin of each chunk of `hashes`, the one that would end
  /// first. Returns one outcome for each hash: `unchanged` for a chunk without
  /// pins. A chunk without its last pin counts as used now.
  virtual std::vector<chunk_change> unpin(
    std::span<const std::uint64_t> hashes) = 0;

  /// Encodes one chunk anew; codec_id::none restores its raw bytes. Readers
  /// keep the bytes they have. Does not count as a use. Evicts other chunks for
  /// a compressed chunk only, never for a restored one. `unchanged` if the
  /// chunk has this codec, `in_use` if somebody recoded or replaced it
  /// meanwhile, `absent` if it was cleared.
  virtual chunk_change recode(std::uint64_t hash, codec_id target) = 0;

  /// Looks for faults in the bookkeeping; also writes and reads test bytes.
  /// Returns what is wrong; empty if nothing.
  virtual std::string check() = 0;
};

}  // namespace kvc
