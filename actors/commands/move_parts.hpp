#pragma once

#include "messages/control.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace kvc {

/// Chunks that a move copies at once.
struct move_part {
  /// Empty: all chunks found in `max_chunks` places from `cursor` on.
  std::vector<std::uint64_t> hashes{};
  std::uint64_t cursor = 0;
  std::uint32_t max_chunks = 0;
  bool is_retry = false;  ///< Of chunks that failed.

  friend bool operator==(const move_part&, const move_part&) = default;
};

/// The order in which the parts of a move are copied. Parts that fail are tried
/// again.
class move_parts {
 public:
  /// `part_size` bounds the chunks of a part; positive.
  move_parts(const command& what, std::uint32_t part_size)
      : given_(what.hashes.keys),
        is_for_all_(what.is_for_all),
        part_size_(part_size) {}

  /// Returns the next part; nothing at the end.
  std::optional<move_part> next();

  /// Takes where the scan of all chunks goes on behind `part`.
  void note_cursor(const move_part& part, std::uint64_t next_cursor);

  /// Takes the chunks of a part that failed. Returns whether they come once
  /// more: after the first try, and then as long as they become fewer.
  /// Otherwise they have failed for good.
  bool retry(const move_part& part, std::vector<std::uint64_t> failed);

  /// Takes back a part of which nothing came, so that it comes once more.
  /// Returns false when it is time to give up.
  bool take_back(move_part part);

  /// Takes whether any chunk of a part has come. Returns false when it is time
  /// to give up.
  bool note_end(bool is_failure);

 private:
  std::vector<std::uint64_t> given_;
  bool is_for_all_;
  std::uint32_t part_size_;
  std::size_t next_given_ = 0;
  std::uint64_t cursor_ = 0;
  bool has_begun_ = false;
  std::optional<move_part> again_;  ///< Comes first.
  std::uint32_t failures_ = 0;      ///< In a row.
};

}  // namespace kvc
