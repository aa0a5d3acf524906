#pragma once

#include "messages/key_block.hpp"
#include "messages/worker_id.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>

namespace kvc {

/// What a control event does. The numbers travel between processes.
enum class operation : std::uint8_t {
  health = 0,
  clear,
  pin,
  unpin,
  compress,
  decompress,
  move,
};

/// What chunks can be compressed with, by the names of users.
inline constexpr std::array<std::string_view, 3> compression_methods{
  "zstd", "lz4", "int8"};

/// Returns the lower-case name that the HTTP API shows: "clear".
std::string to_string(operation what);

/// Returns the operation of this name, if there is one.
std::optional<operation> operation_named(std::string_view name);

/// What became of one chunk that a command was to change. The numbers travel
/// between processes.
enum class chunk_outcome : std::uint8_t {
  done = 0,        ///< Changed as asked.
  unchanged,       ///< It was so already: compressed so, or not pinned.
  absent,          ///< Not in the location.
  pinned,          ///< Skipped: pinned chunks are not cleared.
  in_use,          ///< Skipped: somebody is reading or writing it.
  incompressible,  ///< Would not be smaller than as stored; stays as it is.
  no_room,         ///< What it was to become does not fit; stays as it is.
  unsuitable,      ///< Not of a dtype and shape that the method can take.
  failed,          ///< Its bytes could not be read, written or decoded.
};

inline constexpr std::size_t chunk_outcome_count = 9;

/// Returns the enumerator's own name, as the HTTP API shows it.
std::string to_string(chunk_outcome outcome);

/// What a command has done so far, or in all.
struct command_tally {
  std::uint64_t planned = 0;       ///< Chunks.
  std::uint64_t tokens = 0;        ///< Of the chunks `done`.
  std::uint64_t bytes_before = 0;  ///< Of the chunks `done`, as stored.
  std::uint64_t bytes_after = 0;   ///< Of the same chunks.
  std::uint64_t elapsed_us = 0;    ///< Since it began; of `move` only.
  std::array<std::uint64_t, chunk_outcome_count> chunks{};  ///< By outcome.

  std::uint64_t of(chunk_outcome outcome) const {
    return chunks[static_cast<std::size_t>(outcome)];
  }

  /// Chunks that need no more work, whatever became of them.
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
  operation what = operation::health;
  location where = location::cpu;  ///< Means nothing to `health`.
  location to = location::cpu;     ///< Of `move`: where to.
  bool is_copy = false;            ///< Of `move`: the source keeps its chunks.
  bool is_for_all = false;         ///< All chunks of the location: no `hashes`.
  key_block hashes{};              ///< Of a prompt's chunks, in order.
  std::string method{};  ///< Of `compress`: one of compression_methods.
  std::chrono::milliseconds pin_ttl{0};  ///< Of `pin`; 0: until unpinned.

  template <class Inspector>
  friend auto inspect(Inspector& f, command& x) {
    return f(caf::meta::type_name("command"), x.what, x.where, x.to, x.is_copy,
             x.is_for_all, x.hashes, x.method, x.pin_ttl);
  }
};

}  // namespace kvc
