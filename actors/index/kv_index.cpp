#include "actors/index/kv_index.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <shared_mutex>

namespace kvc {

namespace {

constexpr std::size_t keys_per_step = 256;  ///< Bounds how long readers wait.
constexpr std::size_t lookahead = 16;       ///< Keys prefetched in advance.

}  // namespace

/// While it lives, the writer changes the index.
class kv_index::step {
 public:
  /// Only what is not enforced may exceed the memory limit.
  step(kv_index& index, bool is_enforced) : lock_(index.mutex_) {
    index.budget_.enforce(is_enforced);
    store_shared(index.steps_, index.steps_ + 1);
  }

 private:
  std::unique_lock<fair_shared_mutex> lock_;
};

/// A step that changes what generations mean: readers look again.
class kv_index::generation_change {
 public:
  explicit generation_change(kv_index& index)
      : step_(index, false), index_(index) {
    store_shared(index.generation_changes_, index.generation_changes_ + 1);
  }
  generation_change(const generation_change&) = delete;
  generation_change& operator=(const generation_change&) = delete;
  ~generation_change() {
    store_shared(index_.generation_changes_, index_.generation_changes_ + 1);
  }

  void show(generation_id id, std::uint64_t worker_slot, std::uint64_t epoch) {
    store_shared(index_.views_[id].worker_slot, worker_slot);
    store_shared(index_.views_[id].epoch, epoch);
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

/// Applies some of the keys, and returns how many. Ends early after what took
/// long.
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

/// Removes words, in order, of a set that is not private.
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

/// Gives numbers of closed generations away that no chunk names any more.
/// Returns whether there are others.
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

/// Removes holders of closed generations from a place, `max_cells` of a private
/// set or all of a shared one, which is copied once, and goes on to the next
/// unless there are more. Returns the cost.
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
    swept_words_.clear();  // Without memory; the next round tries again.
  for (const auto word : swept_words_)
    --generations_[generation_of(word)].counts[word & 1U];
  return look_cost + (is_private ? swept_words_.size() : look_cost);
}

}  // namespace kvc
