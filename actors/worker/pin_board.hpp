#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kvc {

/// Counts the pins of one store's chunks. A pin is for ever or has an end. Not
/// thread-safe; time is the caller's. Memory is in proportion to the pins.
class pin_board {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Adds a pin. Returns whether it is the chunk's first.
  bool pin(std::uint64_t hash, std::optional<time_point> until);

  /// Takes back a pin, the one that would end first. Returns whether the chunk
  /// has no pins any more; nothing if it had none.
  std::optional<bool> unpin(std::uint64_t hash);

  /// Ends the pins whose time is over. Returns the chunks whose last pin that
  /// was, in the order of those ends.
  std::vector<std::uint64_t> expire(time_point now);

  /// Counts a pin whose time is over until expire() has ended it.
  bool is_pinned(std::uint64_t hash) const { return pins_.contains(hash); }

  /// Chunks with pins.
  std::size_t size() const { return pins_.size(); }

 private:
  struct pin_set {
    std::uint64_t endless = 0;
    std::multiset<time_point> ends;

    bool is_empty() const { return endless == 0 && ends.empty(); }
  };

  std::unordered_map<std::uint64_t, pin_set> pins_;  ///< No empty ones.

  /// When the first of each chunk's pins ends, if one does.
  std::set<std::pair<time_point, std::uint64_t>> first_ends_;
};

}  // namespace kvc
