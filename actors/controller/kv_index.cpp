#include "actors/controller/kv_index.hpp"

#include <algorithm>
#include <bit>
#include <mutex>
#include <shared_mutex>

namespace kvc {

namespace {

constexpr std::size_t initial_cells = 1024;
constexpr std::size_t keys_per_lock = 256;  ///< Bounds how long readers wait.
constexpr std::size_t lookahead = 12;       ///< Keys prefetched in advance.

}  // namespace

kv_index::kv_index(kv_index_options options)
    : options_(options),
      cells_(initial_cells),
      shift_(64U - static_cast<unsigned>(std::bit_width(initial_cells) - 1)) {}

kv_index::generation_id kv_index::open_generation(std::uint32_t worker_slot,
                                                  std::uint64_t epoch) {
  const std::unique_lock lock{mutex_};
  generation_id id = 0;
  if (free_generations_.empty()) {
    id = static_cast<generation_id>(generations_.size());
    generations_.emplace_back();
  } else {
    id = free_generations_.back();
    free_generations_.pop_back();
  }
  generations_[id] = {epoch, worker_slot, phase::filling, {}};
  return id;
}

void kv_index::complete_generation(generation_id id) {
  const std::unique_lock lock{mutex_};
  generations_[id].state = phase::complete;
}

void kv_index::close_generation(generation_id id) {
  const std::unique_lock lock{mutex_};
  generations_[id].state = phase::closed;
  closed_generations_.push_back(id);
}

std::size_t kv_index::apply(generation_id id, std::span<const report_run> runs,
                            std::span<const std::uint64_t> keys) {
  std::size_t refused = 0;
  for (const auto& run : runs) {
    auto rest = keys.first(run.count);
    keys = keys.subspan(run.count);
    while (!rest.empty()) {
      const auto step = std::min(rest.size(), keys_per_lock);
      const std::unique_lock lock{mutex_};
      refused += apply_some(id, run.where, run.is_admission, rest.first(step));
      rest = rest.subspan(step);
    }
  }
  return refused;
}

std::size_t kv_index::apply_some(generation_id id, location where,
                                 bool is_admission,
                                 std::span<const std::uint64_t> keys) {
  std::size_t refused = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (i + lookahead < keys.size())
      __builtin_prefetch(&cells_[home(keys[i + lookahead])], 1);
    if (!is_admission)
      evict(id, where, keys[i]);
    else if (!admit(id, where, keys[i]))
      ++refused;
  }
  refused_ += refused;
  return refused;
}

/// Returns where `key` is, or the empty cell where it would go.
std::size_t kv_index::locate(std::uint64_t key) const {
  auto position = home(key);
  while (cells_[position].first != 0 && cells_[position].key != key)
    position = next(position);
  return position;
}

bool kv_index::admit(generation_id id, location where, std::uint64_t key) {
  const auto word = word_of(id, where);
  auto position = locate(key);
  if (cells_[position].first == 0) {
    if ((used_cells_ + 1) * 10 > cells_.size() * 7) {
      if (!grow() && (used_cells_ + 1) * 10 > cells_.size() * 9)
        return false;
      position = locate(key);
    }
    cells_[position] = {key, word, 0};
    ++used_cells_;
  } else {
    auto& c = cells_[position];
    const auto rest = pool_.words(c.rest);
    if (c.first == word ||
        std::find(rest.begin(), rest.end(), word) != rest.end())
      return true;
    const auto limit = options_.memory_limit_bytes;
    const auto needed = pool_.bytes_to_push(c.rest);
    if (rest.size() == holder_pool::max_length || pool_.is_full() ||
        (limit != 0 && needed != 0 && bytes() + needed > limit))
      return false;
    c.rest = pool_.push(c.rest, word);
  }
  ++generations_[id].counts[static_cast<std::size_t>(where)];
  return true;
}

void kv_index::evict(generation_id id, location where, std::uint64_t key) {
  const auto word = word_of(id, where);
  const auto position = locate(key);
  auto& c = cells_[position];
  if (c.first == 0)
    return;
  if (c.first == word) {
    remove_first(c);
  } else {
    const auto rest = pool_.words(c.rest);
    const auto found = std::find(rest.begin(), rest.end(), word);
    if (found == rest.end())
      return;
    c.rest =
      pool_.remove(c.rest, static_cast<std::uint32_t>(found - rest.begin()));
  }
  --generations_[id].counts[static_cast<std::size_t>(where)];
  if (c.first == 0)
    erase_cell(position);
}

/// Replaces the first holder by one of the others; leaves 0 if there is none.
void kv_index::remove_first(cell& c) {
  c.first = 0;
  if (c.rest != 0) {
    c.first = pool_.words(c.rest).front();
    c.rest = pool_.remove(c.rest, 0);
  }
}

/// Doubles the table unless that would exceed the memory limit.
bool kv_index::grow() {
  const auto limit = options_.memory_limit_bytes;
  if (limit != 0 && bytes() + cells_.size() * sizeof(cell) > limit)
    return false;
  zeroed_array<cell> old{cells_.size() * 2};
  old.swap(cells_);
  --shift_;
  for (const auto& c : old) {
    if (c.first != 0)
      cells_[locate(c.key)] = c;
  }
  sweep_position_ = 0;
  return true;
}

/// Empties a cell whose `first` is 0 and closes the gap behind it.
void kv_index::erase_cell(std::size_t position) {
  const auto mask = cells_.size() - 1;
  auto gap = position;
  for (auto probe = next(gap); cells_[probe].first != 0; probe = next(probe)) {
    // A chunk may move into the gap unless its home lies behind the gap.
    const auto from_home = (probe - home(cells_[probe].key)) & mask;
    const auto from_gap = (probe - gap) & mask;
    if (from_home >= from_gap) {
      cells_[gap] = cells_[probe];
      gap = probe;
    }
  }
  cells_[gap] = {};
  --used_cells_;
}

/// Removes the holders of closed generations. Returns whether the cell was
/// emptied, so that another chunk may have moved there.
bool kv_index::sweep_cell(std::size_t position) {
  auto& c = cells_[position];
  const auto drop = [this](std::uint32_t word) {
    auto& g = generations_[generation_of(word)];
    if (g.state != phase::closed)
      return false;
    --g.counts[word & 1U];
    return true;
  };
  for (std::uint32_t i = 0; i < pool_.words(c.rest).size();) {
    if (drop(pool_.words(c.rest)[i]))
      c.rest = pool_.remove(c.rest, i);
    else
      ++i;
  }
  if (c.first == 0 || !drop(c.first))
    return false;
  remove_first(c);
  if (c.first != 0)
    return false;
  erase_cell(position);
  return true;
}

bool kv_index::sweep(std::size_t max_cells) {
  const std::unique_lock lock{mutex_};
  std::erase_if(closed_generations_, [this](generation_id id) {
    if (generations_[id].total() != 0)
      return false;
    generations_[id] = {};
    free_generations_.push_back(id);
    return true;
  });
  if (closed_generations_.empty())
    return false;
  for (std::size_t i = 0; i < max_cells; ++i) {
    if (!sweep_cell(sweep_position_))
      sweep_position_ = next(sweep_position_);
  }
  return true;
}

void kv_index::find(std::span<const std::uint64_t> hashes,
                    std::span<const std::uint64_t> live_epochs,
                    holder_lists& out) const {
  out.ends.clear();
  out.holders.clear();
  const std::shared_lock lock{mutex_};
  const auto add = [&](std::uint32_t word) {
    const auto& g = generations_[generation_of(word)];
    if (is_visible(g, live_epochs))
      out.holders.push_back({g.worker_slot & 0x7fffffffU, word & 1U});
  };
  for (std::size_t i = 0; i < std::min(lookahead, hashes.size()); ++i)
    __builtin_prefetch(&cells_[home(hashes[i])]);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if (i + lookahead < hashes.size())
      __builtin_prefetch(&cells_[home(hashes[i + lookahead])]);
    const auto& c = cells_[locate(hashes[i])];
    if (c.first != 0) {
      add(c.first);
      for (const auto word : pool_.words(c.rest))
        add(word);
    }
    out.ends.push_back(static_cast<std::uint32_t>(out.holders.size()));
  }
}

void kv_index::add_key_counts(std::span<const std::uint64_t> live_epochs,
                              std::span<key_count> counts) const {
  const std::shared_lock lock{mutex_};
  std::vector<bool> has_complete(live_epochs.size());
  for (const auto wanted : {phase::complete, phase::filling}) {
    for (const auto& g : generations_) {
      if (g.state != wanted || !is_visible(g, live_epochs) ||
          has_complete[g.worker_slot])
        continue;
      has_complete[g.worker_slot] = wanted == phase::complete;
      for (std::size_t i = 0; i < location_count; ++i)
        counts[g.worker_slot][i] += g.counts[i];
    }
  }
}

void kv_index::add_status(std::span<const std::uint64_t> live_epochs,
                          index_status& status) const {
  const std::shared_lock lock{mutex_};
  std::vector<std::uint8_t> streams(live_epochs.size());
  constexpr std::uint8_t is_open = 1;
  constexpr std::uint8_t is_syncing = 2;
  for (const auto& g : generations_) {
    status.memberships += g.total();
    if (!is_visible(g, live_epochs))
      continue;
    streams[g.worker_slot] |= is_open;
    if (g.state == phase::filling)
      streams[g.worker_slot] |= is_syncing;
  }
  for (const auto flags : streams) {
    status.streams += (flags & is_open) != 0 ? 1 : 0;
    status.syncing_streams += (flags & is_syncing) != 0 ? 1 : 0;
  }
  status.shards += 1;
  status.bytes += bytes();
  status.refused_admissions += refused_;
}

std::uint64_t kv_index::bytes() const {
  return cells_.size() * sizeof(cell) + pool_.bytes();
}

}  // namespace kvc
