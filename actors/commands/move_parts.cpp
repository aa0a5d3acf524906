#include "actors/commands/move_parts.hpp"

#include <algorithm>
#include <utility>

namespace kvc {

namespace {

constexpr std::uint32_t max_failures = 2;

}  // namespace

std::optional<move_part> move_parts::next() {
  if (again_)
    return std::exchange(again_, std::nullopt);
  if (is_for_all_) {
    if (std::exchange(has_begun_, true) && cursor_ == 0)
      return std::nullopt;
    return move_part{.cursor = cursor_, .max_chunks = part_size_};
  }
  const auto from = given_.begin() + static_cast<std::ptrdiff_t>(next_given_);
  const auto count =
    std::min<std::size_t>(part_size_, given_.size() - next_given_);
  if (count == 0)
    return std::nullopt;
  next_given_ += count;
  return move_part{.hashes = {from, from + static_cast<std::ptrdiff_t>(count)}};
}

void move_parts::note_cursor(const move_part& part, std::uint64_t next_cursor) {
  if (!part.is_retry)
    cursor_ = next_cursor;
}

bool move_parts::retry(const move_part& part,
                       std::vector<std::uint64_t> failed) {
  if (failed.empty() || (part.is_retry && failed.size() >= part.hashes.size()))
    return false;
  again_ = move_part{.hashes = std::move(failed), .is_retry = true};
  return true;
}

bool move_parts::take_back(move_part part) {
  again_ = std::move(part);
  return note_end(true);
}

bool move_parts::note_end(bool is_failure) {
  failures_ = is_failure ? failures_ + 1 : 0;
  return failures_ < max_failures;
}

}  // namespace kvc
