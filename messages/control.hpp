#pragma once

#include "messages/key_block.hpp"
#include "messages/operations.hpp"
#include "messages/worker_id.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <string>

namespace kvc {

/// What became of one chunk that a command was to change. The numbers travel
/// between processes.
enum class chunk_outcome : std::uint8_t {
  done = 0,        ///< Changed as asked.
  unchanged,       ///< As asked already: compressed so, or not pinned.
  absent,          ///< Not in the location.
  pinned,          ///< Skipped: pinned chunks are not cleared.
  in_use,          ///< Skipped: somebody is reading or writing it.
  incompressible,  ///< Would not be smaller than as stored; stays as it is.
  no_room,         ///< The result does not fit; stays as it is.
  unsuitable,      ///< The method cannot take its dtype and shape.
  failed,          ///< Its bytes could not be read, written or decoded.
};

inline constexpr std::size_t chunk_outcome_count = 9;

/// Returns the enumerator's own name, as the HTTP API shows it.
std::string to_string(chunk_outcome outcome);

/// What a command has done so far or, at its end, in all.
struct command_tally {
  std::uint64_t planned = 0;       ///< Chunks to look at, as far as known.
  std::uint64_t tokens = 0;        ///< In the chunks that are `done`.
  std::uint64_t bytes_before = 0;  ///< Size of those chunks before, as stored.
  std::uint64_t bytes_after = 0;   ///< Size of those chunks now.
  std::uint64_t elapsed_us = 0;    ///< Since its beginning; `move` only.
  std::array<std::uint64_t, chunk_outcome_count> chunks{};  ///< By outcome.

  std::uint64_t of(chunk_outcome outcome) const {
    return chunks[static_cast<std::size_t>(outcome)];
  }

  /// Chunks that need no more work, whatever their outcome.
  std::uint64_t finished() const {
    return std::accumulate(chunks.begin(), chunks.end(), std::uint64_t{0});
  }

  friend bool operator==(const command_tally&, const command_tally&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, command_tally& x) {
    return f(caf::meta::type_name("command_tally"), x.planned, x.tokens,
             x.bytes_before, x.bytes_after, x.elapsed_us, x.chunks);
  }
};

/// What every worker of a control event is to do.
struct command {
  operation verb = operation::health;
  location where = location::cpu;  ///< `health` ignores it.
  location to = location::cpu;     ///< `move` only: where the chunks go.
  bool is_copy = false;     ///< `move` only: the source keeps its chunks.
  bool is_for_all = false;  ///< All chunks of `where`, not `hashes`.
  key_block hashes{};       ///< A prompt's chunks, in order.
  std::string method{};     ///< `compress` only: one of compression_methods.
  std::chrono::milliseconds pin_ttl{0};  ///< `pin` only; 0: until unpinned.

  template <class Inspector>
  friend auto inspect(Inspector& f, command& x) {
    return f(caf::meta::type_name("command"), x.verb, x.where, x.to, x.is_copy,
             x.is_for_all, x.hashes, x.method, x.pin_ttl);
  }
};

}  // namespace kvc
