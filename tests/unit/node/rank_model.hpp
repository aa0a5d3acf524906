#pragma once

#include "actors/store/chunk_store.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kvc::test {

/// What a rank's stores should hold, as naively as can be. Evictions for want
/// of room are the stores' choice: it only says which ones are wrong.
class rank_model {
 public:
  using time_point = chunk_store::time_point;
  using hash_list = std::vector<std::uint64_t>;

  time_point now{};
  std::set<std::uint64_t> offered;  ///< To the disk, since the last start.

  /// What changes until the next call is by this step.
  template <class Action>
  void begin(Action what, location where, const hash_list& hashes) {
    is_clear_ = what == Action::clear || what == Action::evict;
    needs_room_ = what == Action::store || what == Action::retrieve ||
                  what == Action::recode || what == Action::write;
    stores_ = what == Action::store || what == Action::retrieve;
    clears_everywhere_ = what == Action::evict;
    where_ = where;
    asked_ = {hashes.begin(), hashes.end()};
  }

  /// A new process begins with what is on disk, and without pins.
  void forget_memory() {
    place(location::cpu) = {};
    place(location::disk).pins.clear();
    offered.clear();
  }

  std::string admit(location where, std::uint64_t hash) {
    if (!place(where).held.insert(hash).second)
      return "admitted twice";
    if (where == location::disk)
      return offered.contains(hash) ? "" : "never offered to the disk";
    return stores_ && asked_.contains(hash) ? "" : "stored without being asked";
  }

  std::string evict(location where, std::uint64_t hash, bool is_tight) {
    if (is_pinned(where, hash))
      return "a pinned chunk is gone";
    if (place(where).held.erase(hash) == 0)
      return "evicted twice";
    if (is_clear_)
      return asked_.contains(hash) && (clears_everywhere_ || where == where_)
               ? ""
               : "cleared without being asked";
    return is_tight && needs_room_ ? "" : "evicted without need";
  }

  const std::set<std::uint64_t>& held(location where) const {
    return places_.at(where).held;
  }

  /// Counts what is in memory or on disk.
  std::size_t count_prefix(const hash_list& hashes) const {
    std::size_t count = 0;
    while (count < hashes.size() &&
           (held(location::cpu).contains(hashes[count]) ||
            held(location::disk).contains(hashes[count])))
      ++count;
    return count;
  }

  std::size_t count_prefix(location where, const hash_list& hashes) const {
    std::size_t count = 0;
    while (count < hashes.size() && held(where).contains(hashes[count]))
      ++count;
    return count;
  }

  /// Each says what should become of the chunks. The stores tell of what clear
  /// drops themselves. `coming` are on their way there.
  std::vector<chunk_outcome> clear(location where, const hash_list& hashes,
                                   const hash_list& coming) {
    const std::set<std::uint64_t> waits{coming.begin(), coming.end()};
    std::vector<chunk_outcome> result;
    for (const auto hash : hashes) {
      result.push_back(waits.contains(hash)          ? chunk_outcome::done
                       : !held(where).contains(hash) ? chunk_outcome::absent
                       : is_pinned(where, hash)      ? chunk_outcome::pinned
                                                     : chunk_outcome::done);
      if (where == location::disk)
        offered.erase(hash);
    }
    return result;
  }

  std::vector<chunk_outcome> pin(location where, const hash_list& hashes,
                                 std::optional<time_point> until) {
    std::vector<chunk_outcome> result(hashes.size(), chunk_outcome::absent);
    for (std::size_t i = 0; i < count_prefix(where, hashes); ++i) {
      pins_of(where, hashes[i]).insert(until.value_or(time_point::max()));
      result[i] = chunk_outcome::done;
    }
    return result;
  }

  std::vector<chunk_outcome> unpin(location where, const hash_list& hashes) {
    std::vector<chunk_outcome> result;
    for (const auto hash : hashes) {
      auto& pins = pins_of(where, hash);
      const auto is_held = held(where).contains(hash);
      result.push_back(!is_held       ? chunk_outcome::absent
                       : pins.empty() ? chunk_outcome::unchanged
                                      : chunk_outcome::done);
      if (!pins.empty())
        pins.erase(pins.begin());
    }
    return result;
  }

 private:
  struct place_state {
    std::set<std::uint64_t> held;
    std::map<std::uint64_t, std::multiset<time_point>> pins;  ///< Their ends.
  };

  place_state& place(location where) { return places_[where]; }

  /// Those that have not ended.
  std::multiset<time_point>& pins_of(location where, std::uint64_t hash) {
    auto& pins = place(where).pins[hash];
    pins.erase(pins.begin(), pins.upper_bound(now));
    return pins;
  }

  bool is_pinned(location where, std::uint64_t hash) {
    return !pins_of(where, hash).empty();
  }

  std::map<location, place_state> places_{{location::cpu, {}},
                                          {location::disk, {}}};
  bool is_clear_ = false;
  bool needs_room_ = false;
  bool stores_ = false;
  bool clears_everywhere_ = false;
  location where_ = location::cpu;
  std::set<std::uint64_t> asked_;
};

}  // namespace kvc::test
