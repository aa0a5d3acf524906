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

/// What became of one chunk. Tokens and bytes count if the outcome is `done`;
/// the bytes are those it takes in its location.
struct chunk_change {
  chunk_outcome outcome = chunk_outcome::absent;
  std::uint32_t tokens = 0;
  std::uint64_t bytes_before = 0;
  std::uint64_t bytes_after = 0;

  friend bool operator==(const chunk_change&, const chunk_change&) = default;
};

/// One location of a worker, as control commands see it. Thread-safe. Calls
/// take as long as their work takes: not for actors' threads.
class chunk_store {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  virtual ~chunk_store() = default;

  virtual location_usage usage() const = 0;

  /// See membership_source::scan.
  virtual membership_source::scan_step scan(std::uint64_t cursor,
                                            std::size_t max_entries) const = 0;

  /// Drops those of `hashes` that are here, neither pinned nor in use. Returns
  /// what became of each; the membership_listener knows before it returns.
  virtual std::vector<chunk_change> clear(
    std::span<const std::uint64_t> hashes) = 0;

  /// Pins those of `hashes` that are here, up to the first that is not: until
  /// `until`, or until they are unpinned if there is none. Pins are counted.
  /// Returns what became of each; `absent` from the first absent one on.
  virtual std::vector<chunk_change> pin(std::span<const std::uint64_t> hashes,
                                        std::optional<time_point> until) = 0;

  /// Takes back one pin of each of `hashes`. Those here without a pin are
  /// `unchanged`.
  virtual std::vector<chunk_change> unpin(
    std::span<const std::uint64_t> hashes) = 0;

  /// Keeps one chunk in the form of `target` from now on; codec_id::none is
  /// what was stored. Readers keep the form they have.
  virtual chunk_change recode(std::uint64_t hash, codec_id target) = 0;

  /// Looks for faults: the bookkeeping, and a chunk that is written, read and
  /// dropped. Returns what is wrong; empty if nothing.
  virtual std::string check() = 0;
};

}  // namespace kvc
