#include "actors/index/kv_index.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <shared_mutex>

namespace kvc {

namespace {

constexpr std::size_t keys_per_step = 256;  ///< Bounds how long a `find` waits.
constexpr std::size_t lookahead = 16;       ///< Keys prefetched in advance.

}  // namespace

/// While it lives, the writer may change the index.
class kv_index::step {
 public:
  /// A step may exceed the memory limit unless `is_enforced`.
  step(kv_index& index, bool is_enforced) : lock_(index.mutex_) {
    index.budget_.enforce(is_enforced);
    store_release(index.steps_, index.steps_ + 1);
  }

 private:
  std::unique_lock<fair_shared_mutex> lock_;
};

/// A step that changes what generations mean. Every `find` that runs meanwhile
/// begins again.
class kv_index::generation_change {
 public:
  explicit generation_change(kv_index& index)
      : step_(index, false), index_(index) {
    store_release(index.generation_changes_, index.generation_changes_ + 1);
  }
  generation_change(const generation_change&) = delete;
  generation_change& operator=(const generation_change&) = delete;
  ~generation_change() {
    store_release(index_.generation_changes_, index_.generation_changes_ + 1);
  }

  void show(generation_id id, std::uint64_t worker_slot, std::uint64_t epoch) {
    store_release(index_.views_[id].worker_slot, worker_slot);
    store_release(index_.views_[id].epoch, epoch);
  }

 private:
  step step_;
  kv_index& index_;
};

kv_index::kv_index(kv_index_options options)
    : options_(options),
      budget_(options.memory_limit_bytes),
      table_(options.key_multiplier, budget_),
      sets_(budget_),
      views_(budget_) {}

kv_index::generation_id kv_index::open_generation(std::uint32_t worker_slot,
                                                  std::uint64_t epoch) {
  generation_change change{*this};
  generation_id id = 0;
  if (free_generations_.empty()) {
    id = static_cast<generation_id>(generations_.size());
    generations_.emplace_back();
    views_.push_back({});
  } else {
    id = free_generations_.back();
    free_generations_.pop_back();
  }
  generations_[id] = {epoch, worker_slot, phase::filling, {}};
  change.show(id, worker_slot, epoch);
  return id;
}

void kv_index::complete_generation(generation_id id) {
  const step change{*this, false};
  generations_[id].state = phase::complete;
}

void kv_index::close_generation(generation_id id) {
  generation_change change{*this};
  generations_[id].state = phase::closed;
  closed_generations_.push_back(id);
  change.show(id, nobody, 0);
}

std::size_t kv_index::apply(generation_id id, std::span<const report_run> runs,
                            std::span<const std::uint64_t> keys) {
  const auto refused_before = refused_;
  for (const auto& run : runs) {
    auto rest = keys.first(run.count);
    keys = keys.subspan(run.count);
    while (!rest.empty())
      rest = rest.subspan(apply_step(id, run, rest));
  }
  return refused_ - refused_before;
}

/// Applies some of the keys, and returns how many. Ends early after a split,
/// which takes long.
std::size_t kv_index::apply_step(generation_id id, const report_run& run,
                                 std::span<const std::uint64_t> keys) {
  const step change{*this, run.is_admission};
  const auto count = std::min(keys.size(), keys_per_step);
  const auto word = word_of(id, run.where);
  auto& members = generations_[id].counts[static_cast<std::size_t>(run.where)];
  std::array<key_table::target, keys_per_step> targets;
  for (std::size_t i = 0; i < count; ++i)
    targets[i] = table_.target_of(keys[i]);
  for (std::size_t i = 0; i < std::min(lookahead, count); ++i)
    targets[i].prefetch_to_write();
  const auto splits = table_.splits();
  for (std::size_t i = 0; i < count; ++i) {
    if (i + lookahead < count)
      targets[i + lookahead].prefetch_to_write();
    const auto is_change = run.is_admission ? admit(targets[i], word, keys[i])
                                            : evict(targets[i], word, keys[i]);
    members += !is_change ? 0 : run.is_admission ? 1 : ~0ULL;
    if (table_.splits() != splits)
      return i + 1;
  }
  return count;
}

/// Returns whether there is a new membership.
bool kv_index::admit(const key_table::target& at, std::uint32_t word,
                     std::uint64_t key) {
  const auto where = key_table::find(at, key);
  if (where.bucket == nullptr) {
    const auto is_inserted = table_.insert(at, key, word);
    refused_ += is_inserted ? 0 : 1;
    return is_inserted;
  }
  if (where.word() == word)
    return false;
  bucket_change change{*where.bucket};
  const auto [now, what] = sets_.add(where.word(), word);
  change.set_word(where.cell, now);
  refused_ += what == holder_sets::outcome::refused ? 1 : 0;
  return what == holder_sets::outcome::changed;
}

/// Returns whether there was such a membership.
bool kv_index::evict(const key_table::target& at, std::uint32_t word,
                     std::uint64_t key) {
  const auto where = key_table::find(at, key);
  return where.bucket != nullptr && evict_at(where, word);
}

bool kv_index::evict_at(key_table::place where, std::uint32_t word) {
  if (where.word() == word) {
    table_.erase(where);
    return true;
  }
  bucket_change change{*where.bucket};
  const auto [now, what] = sets_.remove(where.word(), word);
  change.set_word(where.cell, now);
  return what == holder_sets::outcome::changed;
}

/// Removes the sorted `words` from a chunk whose set is not private.
bool kv_index::evict_all_at(key_table::place where,
                            std::span<const std::uint32_t> words) {
  const auto name = where.word();
  if (words.size() == sets_.size_of(name)) {
    table_.erase(where);
    sets_.drop(name);
    return true;
  }
  bucket_change change{*where.bucket};
  const auto [now, what] = sets_.remove_all(name, words);
  change.set_word(where.cell, now);
  return what == holder_sets::outcome::changed;
}

bool kv_index::sweep(std::size_t max_cells) {
  const step change{*this, false};
  if (!free_generations())
    return false;
  for (std::size_t looked_at = 0; looked_at < max_cells;)
    looked_at += sweep_place(max_cells - looked_at);
  return true;
}

/// Frees the numbers of closed generations that have no memberships left.
/// Returns whether closed generations remain.
bool kv_index::free_generations() {
  std::erase_if(closed_generations_, [this](generation_id id) {
    if (generations_[id].total() != 0)
      return false;
    generations_[id] = {};
    free_generations_.push_back(id);
    return true;
  });
  return !closed_generations_.empty();
}

/// Removes holders of closed generations from the place that is next in turn:
/// up to `max_cells` from a private set, all from a shared one, which is copied
/// once. Goes on to the next place unless holders remain to be removed. Returns
/// the cost, in cells.
std::size_t kv_index::sweep_place(std::size_t max_cells) {
  constexpr std::size_t words_per_cell = 8;
  const auto where = table_.place_at(sweep_position_);
  const auto name = where.word();
  const auto look_cost = 1 + sets_.size_of(name) / words_per_cell;
  swept_words_.clear();
  if (name != 0)
    sets_.read(name, swept_words_);
  std::erase_if(swept_words_, [this](std::uint32_t word) {
    return generations_[generation_of(word)].state != phase::closed;
  });
  const auto is_private = sets_.is_private(name);
  const auto has_more = is_private && swept_words_.size() > max_cells;
  if (has_more)
    swept_words_.resize(max_cells);
  else
    sweep_position_ = (sweep_position_ + 1) % table_.place_count();
  if (swept_words_.empty())
    return look_cost;
  if (is_private)
    std::erase_if(swept_words_, [&](auto w) { return !evict_at(where, w); });
  else if (!evict_all_at(where, swept_words_))
    swept_words_.clear();  // No memory for it: the next round tries again.
  for (const auto word : swept_words_)
    --generations_[generation_of(word)].counts[word & 1U];
  return look_cost + (is_private ? swept_words_.size() : look_cost);
}

/// One attempt to answer `find` while the writer may be at work.
class kv_index::finder {
 public:
  finder(const kv_index& index, std::span<const std::uint64_t> live_epochs,
         found_holders& out)
      : index_(index), live_epochs_(live_epochs), out_(out) {
    out.ranges.clear();
    out.holders.clear();
  }

  /// Returns false if the writer was in the way.
  bool find(std::span<const std::uint64_t> hashes) {
    const auto generation_changes = load_acquire(index_.generation_changes_);
    const auto steps = load_acquire(index_.steps_);
    if (generation_changes % 2 != 0)
      return false;
    while (!hashes.empty()) {
      const auto part = hashes.first(std::min(window, hashes.size()));
      hashes = hashes.subspan(part.size());
      if (!find_part(part))
        return false;
    }
    return load_acquire(index_.generation_changes_) == generation_changes &&
           load_acquire(index_.steps_) - steps < most_steps;
  }

 private:
  static constexpr std::size_t window = 64;  ///< Keys under way at once.

  /// After so many steps of the writer an attempt does not count: a bucket's
  /// version of 24 bits could come round, though only after far more.
  static constexpr std::uint64_t most_steps = 1024;

  bool find_part(std::span<const std::uint64_t> hashes) {
    std::array<key_table::target, window> targets;
    std::array<key_table::reading, window> readings;
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      targets[i] = index_.table_.target_of(hashes[i]);
      targets[i].prefetch_to_read();
    }
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      if (!index_.table_.read(targets[i], hashes[i], readings[i]))
        return false;
      index_.sets_.prefetch(readings[i].word);
    }
    last_name_ = 0;
    for (std::size_t i = 0; i < hashes.size(); ++i)
      if (!append(hashes[i], readings[i]))
        return false;
    return true;
  }

  /// Appends the holders that the reading names. Reads again if the reading
  /// does not hold any more.
  bool append(std::uint64_t hash, key_table::reading& reading) {
    constexpr int tries = 16;
    for (int i = 0; i < tries; ++i) {
      if (reading.word == 0) {
        out_.ranges.emplace_back();
        return true;
      }
      if (reading.word == last_name_ && reading.still_holds()) {
        out_.ranges.push_back(last_);
        return true;
      }
      if (index_.sets_.read(reading.word, out_.scratch) &&
          reading.still_holds()) {
        append_visible(reading.word);
        return true;
      }
      if (!index_.table_.read(index_.table_.target_of(hash), hash, reading))
        return false;
      last_name_ = 0;
    }
    return false;
  }

  void append_visible(std::uint32_t name) {
    last_name_ = name;
    last_.begin = static_cast<std::uint32_t>(out_.holders.size());
    out_.holders.resize(last_.begin + out_.scratch.size());
    auto* end = out_.holders.data() + last_.begin;
    const auto* views = index_.views_.read();
    const auto live_epochs = live_epochs_;
    for (const auto word : out_.scratch) {
      const auto& view = views[generation_of(word)];
      const auto slot = load_acquire(view.worker_slot);
      *end = {static_cast<std::uint32_t>(slot) & 0x7fffffffU, word & 1U};
      if (slot < live_epochs.size() &&
          live_epochs[slot] == load_acquire(view.epoch))
        ++end;
    }
    last_.end = static_cast<std::uint32_t>(end - out_.holders.data());
    out_.holders.resize(last_.end);
    out_.ranges.push_back(last_);
  }

  const kv_index& index_;
  std::span<const std::uint64_t> live_epochs_;
  found_holders& out_;

  /// The set whose holders were appended last, as `last_`; 0 if the next
  /// reading may be newer than they are.
  std::uint32_t last_name_ = 0;
  found_holders::range last_;
};

void kv_index::find(std::span<const std::uint64_t> hashes,
                    std::span<const std::uint64_t> live_epochs,
                    found_holders& out) const {
  constexpr int tries = 3;
  for (int i = 0; i < tries; ++i) {
    if (finder{*this, live_epochs, out}.find(hashes))
      return;
  }
  const std::shared_lock lock{mutex_};
  finder{*this, live_epochs, out}.find(hashes);
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
  status.bytes += budget_.used();
  status.refused_admissions += refused_;
}

}  // namespace kvc
