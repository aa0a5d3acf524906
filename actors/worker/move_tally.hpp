#pragma once

#include "actors/worker/transfer_batch.hpp"
#include "messages/control.hpp"
#include "messages/peer.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// Counts what became of a move's chunks. Each counts once: `done` (it is at
/// the destination, and at the source no more unless it was a copy),
/// `unchanged` (the destination had it), `pinned` or `in_use` (copied, but the
/// source keeps it), or why it is at the source only.
class move_tally {
 public:
  explicit move_tally(std::uint64_t planned) { tally_.planned = planned; }

  /// Takes a part that was copied.
  void note(std::span<const fetched_chunk> chunks);

  /// More is to be expected.
  void expect(std::uint64_t chunks);

  /// Takes what the source says of the confirmed() chunks.
  void note(const surrender_report& report);

  /// What the destination has, by what was told so far.
  const std::vector<std::uint64_t>& confirmed() const { return confirmed_; }

  command_tally now(std::uint64_t elapsed_us) const;

 private:
  std::uint64_t& count(chunk_outcome outcome) {
    return tally_.chunks[static_cast<std::size_t>(outcome)];
  }

  void shift(chunk_outcome to, std::uint64_t chunks);

  command_tally tally_;
  std::vector<std::uint64_t> confirmed_;
};

}  // namespace kvc
