#pragma once

#include "actors/peers/transfer_batch.hpp"
#include "messages/control.hpp"
#include "messages/peer.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// Counts what became of a move's chunks. Each counts once: `done` (now at the
/// destination, and gone from the source unless it was a copy), `unchanged`
/// (the destination had it), `pinned` or `in_use` (copied, but the source keeps
/// it), or the reason why only the source has it.
class move_tally {
 public:
  explicit move_tally(std::uint64_t planned) { tally_.planned = planned; }

  /// Takes a part that was copied.
  void note(std::span<const fetched_chunk> chunks);

  /// The move is about at least so many chunks.
  void expect(std::uint64_t chunks);

  /// Returns the next chunks, at most so many, that the destination has and
  /// that the source was not yet asked to drop.
  std::vector<std::uint64_t> to_surrender(std::size_t max_chunks) const;

  /// The source is asked to drop the next so many of these.
  void note_asked(std::size_t chunks) { asked_ += chunks; }

  /// The source has dropped none of the chunks that it was asked for last.
  void note_refused() { asked_ = answered_; }

  /// Takes the answer of the source.
  void note(const surrender_report& report);

  /// Says which chunks the source may have dropped.
  std::string source_text() const;

  command_tally now(std::uint64_t elapsed_us) const;

 private:
  std::uint64_t& count(chunk_outcome outcome) {
    return tally_.chunks[static_cast<std::size_t>(outcome)];
  }

  void shift(chunk_outcome to, std::uint64_t chunks);

  command_tally tally_;
  std::vector<std::uint64_t> confirmed_;
  std::size_t asked_ = 0;     ///< Of the confirmed ones: to drop.
  std::size_t answered_ = 0;  ///< Of those asked.
};

}  // namespace kvc
