#include "actors/commands/move_tally.hpp"

#include <algorithm>

namespace kvc {

void move_tally::note(std::span<const fetched_chunk> chunks) {
  for (const auto& chunk : chunks) {
    ++count(chunk.outcome);
    if (chunk.outcome == chunk_outcome::done) {
      tally_.tokens += chunk.tokens;
      tally_.bytes_before += chunk.bytes;
      tally_.bytes_after += chunk.bytes;
    }
    if (chunk.outcome == chunk_outcome::done ||
        chunk.outcome == chunk_outcome::unchanged)
      confirmed_.push_back(chunk.hash);
  }
  expect(0);
}

void move_tally::expect(std::uint64_t chunks) {
  tally_.planned = std::max({tally_.planned, chunks, tally_.finished()});
}

std::vector<std::uint64_t> move_tally::to_surrender(
  std::size_t max_chunks) const {
  const auto from = confirmed_.begin() + static_cast<std::ptrdiff_t>(asked_);
  const auto count = std::min(max_chunks, confirmed_.size() - asked_);
  return {from, from + static_cast<std::ptrdiff_t>(count)};
}

std::string move_tally::source_text() const {
  if (asked_ == 0)
    return "the source keeps its own";
  return "the source was asked to drop the first " + std::to_string(asked_) +
         " of " + std::to_string(confirmed_.size()) +
         " copied and has answered for " + std::to_string(answered_);
}

void move_tally::note(const surrender_report& report) {
  answered_ = asked_;
  shift(chunk_outcome::pinned, report.pinned);
  shift(chunk_outcome::in_use, report.in_use);
}

/// Says of chunks that are at both ends why.
void move_tally::shift(chunk_outcome to, std::uint64_t chunks) {
  for (const auto from : {chunk_outcome::done, chunk_outcome::unchanged}) {
    const auto part = std::min(chunks, count(from));
    count(from) -= part;
    count(to) += part;
    chunks -= part;
  }
}

command_tally move_tally::now(std::uint64_t elapsed_us) const {
  auto result = tally_;
  result.elapsed_us = elapsed_us;
  return result;
}

}  // namespace kvc
