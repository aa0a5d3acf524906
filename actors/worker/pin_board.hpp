#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <queue>
#include <span>
#include <unordered_map>
#include <vector>

namespace kvc {

/// Counts the pins of one store's chunks. A pin is for ever or has an end. Not
/// thread-safe; time is the caller's.
class pin_board {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Adds a pin. Returns whether it is the chunk's first.
  bool pin(std::uint64_t hash, std::optional<time_point> until);

  /// Takes back a pin, the one that would end first. Returns whether the chunk
  /// has no pins any more; nothing if it had none.
  std::optional<bool> unpin(std::uint64_t hash);

  /// Ends the pins whose time is over. Returns the chunks whose last pin that
  /// was.
  std::vector<std::uint64_t> expire(time_point now);

  bool is_pinned(std::uint64_t hash) const { return pins_.contains(hash); }

  /// Chunks with pins.
  std::size_t size() const { return pins_.size(); }

 private:
  struct deadline {
    time_point at;
    std::uint64_t hash = 0;

    bool operator>(const deadline& other) const { return at > other.at; }
  };

  struct pin_set {
    std::uint32_t endless = 0;
    std::vector<time_point> ends;  ///< A heap, the first one in front.
  };

  std::unordered_map<std::uint64_t, pin_set> pins_;
  std::priority_queue<deadline, std::vector<deadline>, std::greater<>> ends_;
};

}  // namespace kvc
