#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
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

  /// Takes back all pins of a chunk that is gone.
  void forget(std::uint64_t hash);

  /// Ends the pins whose time is over. Returns the chunks whose last pin that
  /// was, in the order of those ends; of those that end together, first the one
  /// pinned last: a prompt's tail comes before its head.
  std::vector<std::uint64_t> expire(time_point now);

  /// Counts a pin whose time is over until expire() has ended it.
  bool is_pinned(std::uint64_t hash) const { return pins_.contains(hash); }

  /// Chunks with pins.
  std::size_t size() const { return pins_.size(); }

 private:
  struct pin_set {
    std::uint64_t number =
      0;  ///< Falls from one newly pinned chunk to the next.
    std::uint64_t endless = 0;
    std::multiset<time_point> ends;
  };

  using pin_map = std::unordered_map<std::uint64_t, pin_set>;

  struct first_end {
    time_point at;
    std::uint64_t number = 0;  ///< Of the pin_set; there is one for each.
    std::uint64_t hash = 0;

    friend auto operator<=>(const first_end&, const first_end&) = default;
  };

  void list(const pin_map::value_type& x);
  void unlist(const pin_map::value_type& x);

  pin_map pins_;  ///< No empty ones.
  std::uint64_t next_number_ = ~std::uint64_t{0};
  std::set<first_end> first_ends_;  ///< Of the chunks with a pin that ends.
};

}  // namespace kvc
