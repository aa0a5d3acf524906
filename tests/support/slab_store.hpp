#pragma once

#include "actors/store/membership.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace kvc::test {

/// A naive model of a worker's stores: chunks lie in places, a scan walks over
/// the places, and changes may happen between two of its steps.
class slab_store : public membership_source {
 public:
  explicit slab_store(membership_listener& listener) : listener_(listener) {}

  /// The locations that exist.
  std::vector<location> locations{location::cpu};

  /// A step looks at so many places at most.
  std::size_t step_places = 4096;

  /// Is called after each step of a scan; may change the store.
  std::function<void()> after_step;

  /// How many scans began, and how many steps they took.
  mutable std::size_t scans = 0;
  mutable std::size_t steps = 0;

  void admit(std::uint64_t hash, location where = location::cpu) {
    auto& s = slab_of(where);
    if (!s.held.insert(hash).second)
      return;
    if (s.holes.empty()) {
      s.places.emplace_back(hash);
    } else {
      s.places[s.holes.back()] = hash;
      s.holes.pop_back();
    }
    listener_.chunks_admitted(where, {&hash, 1});
  }

  void evict(std::uint64_t hash, location where = location::cpu) {
    auto& s = slab_of(where);
    if (s.held.erase(hash) == 0)
      return;
    const auto it = std::find(s.places.begin(), s.places.end(),
                              std::optional<std::uint64_t>{hash});
    it->reset();
    s.holes.push_back(static_cast<std::size_t>(it - s.places.begin()));
    listener_.chunks_evicted(where, {&hash, 1});
  }

  const std::set<std::uint64_t>& held(location where = location::cpu) const {
    return slabs_[static_cast<std::size_t>(where)].held;
  }

  scan_step scan(location where, std::uint64_t cursor,
                 std::size_t max_entries) const override {
    const auto& places = slabs_[static_cast<std::size_t>(where)].places;
    scans += cursor == 0 ? 1 : 0;
    ++steps;
    scan_step result;
    const auto end = std::min<std::size_t>(
      places.size(), cursor + std::min(max_entries, step_places));
    for (auto place = static_cast<std::size_t>(cursor); place < end; ++place) {
      if (places[place])
        result.hashes.push_back(*places[place]);
    }
    result.next_cursor = end == places.size() ? 0 : end;
    if (after_step)
      after_step();
    return result;
  }

  std::vector<location_usage> usage() const override {
    std::vector<location_usage> result;
    for (const auto where : locations)
      result.push_back({where, held(where).size(), 0, 0});
    return result;
  }

 private:
  struct slab {
    std::set<std::uint64_t> held;
    std::vector<std::optional<std::uint64_t>> places;
    std::vector<std::size_t> holes;
  };

  slab& slab_of(location where) {
    return slabs_[static_cast<std::size_t>(where)];
  }

  membership_listener& listener_;
  std::array<slab, location_count> slabs_;
};

}  // namespace kvc::test
