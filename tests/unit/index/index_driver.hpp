#pragma once

#include "actors/index/kv_index.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace kvc::test {

using keys = std::vector<std::uint64_t>;

/// (worker_slot, is_on_disk) of each holder, sorted.
using holder_set = std::vector<std::pair<std::uint32_t, bool>>;

inline std::size_t admit(kv_index& index, kv_index::generation_id id,
                         const keys& what, location where = location::cpu) {
  const report_run run{where, true, static_cast<std::uint32_t>(what.size())};
  return index.apply(id, {&run, 1}, what);
}

inline void evict(kv_index& index, kv_index::generation_id id, const keys& what,
                  location where = location::cpu) {
  const report_run run{where, false, static_cast<std::uint32_t>(what.size())};
  index.apply(id, {&run, 1}, what);
}

/// Returns the holders of each key.
inline std::vector<holder_set> find_each(const kv_index& index,
                                         const keys& what,
                                         const keys& live_epochs) {
  found_holders lists;
  index.find(what, live_epochs, lists);
  std::vector<holder_set> result;
  for (std::size_t i = 0; i < what.size(); ++i) {
    holder_set holders;
    for (const auto& h : lists.of(i))
      holders.push_back({h.worker_slot, h.is_on_disk == 1});
    std::sort(holders.begin(), holders.end());
    result.push_back(std::move(holders));
  }
  return result;
}

inline holder_set find_one(const kv_index& index, std::uint64_t key,
                           const keys& live_epochs) {
  return find_each(index, {key}, live_epochs).front();
}

inline std::vector<key_count> count_keys(const kv_index& index,
                                         const keys& live_epochs) {
  std::vector<key_count> counts(live_epochs.size());
  index.add_key_counts(live_epochs, counts);
  return counts;
}

inline index_status status_of(const kv_index& index, const keys& live_epochs) {
  index_status status;
  index.add_status(live_epochs, status);
  return status;
}

/// Returns the numbers in [from, to).
inline keys numbers(std::uint64_t from, std::uint64_t to) {
  keys result;
  for (auto i = from; i < to; ++i)
    result.push_back(i);
  return result;
}

/// Returns how many of the keys have holders.
inline std::size_t count_found(const kv_index& index, const keys& what,
                               const keys& live) {
  const auto found = find_each(index, what, live);
  return static_cast<std::size_t>(
    std::count_if(found.begin(), found.end(),
                  [](const holder_set& x) { return !x.empty(); }));
}

/// Places of an index that has not grown yet.
inline constexpr std::uint64_t first_places = 16 * key_table::segment_cells;

inline void sweep_all(kv_index& index, std::size_t step = 4096) {
  while (index.sweep(step)) {
  }
}

}  // namespace kvc::test
