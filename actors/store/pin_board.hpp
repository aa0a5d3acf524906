#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace kvc {

/// The pins of one store's chunks. A pin has an end or lasts until it is taken
/// back. Not thread-safe. Takes memory in proportion to the pins.
class pin_board {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Adds a pin. Returns whether it is the chunk's first.
  bool pin(std::uint64_t hash, std::optional<time_point> until);

  /// Takes back the chunk's pin that would end first. Returns whether it was
  /// the last one; nothing if the chunk had no pins.
  std::optional<bool> unpin(std::uint64_t hash);

  /// Takes back all pins of a chunk.
  void forget(std::uint64_t hash);

  /// Takes back the pins that end at `now` or earlier. Returns the chunks
  /// without pins since, in the order of their ends. Of chunks that end
  /// together, the one pinned last comes first: a prompt's tail before its
  /// head.
  std::vector<std::uint64_t> expire(time_point now);

  /// A pin whose end has passed counts until expire() takes it back.
  bool is_pinned(std::uint64_t hash) const { return pins_.contains(hash); }

  /// How many chunks have pins.
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
