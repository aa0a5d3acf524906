#pragma once

#include "actors/index/fair_shared_mutex.hpp"
#include "actors/index/found_holders.hpp"
#include "actors/index/holder_sets.hpp"
#include "actors/index/key_table.hpp"
#include "messages/index_shard.hpp"
#include "messages/lookup.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

struct kv_index_options {
  /// Odd and secret: hashes are unkeyed, prompts could aim at one place.
  std::uint64_t key_multiplier = 0x9e3779b97f4a7c15U;

  /// Admissions that would need more memory are refused; 0 means no limit.
  /// Memory comes in blocks of 2 MiB, one at least; evictions from sets of
  /// holders may need one more.
  std::uint64_t memory_limit_bytes = 0;
};

/// The memberships of one shard: which worker holds which chunk, exactly.
///
/// A membership belongs to a generation, which belongs to the epoch of one
/// worker. Readers name the epochs that are alive; what belongs to another
/// epoch or to a closed generation is invisible at once and swept later.
/// One thread may write; any number of threads may read beside it.
class kv_index {
 public:
  using generation_id = std::uint32_t;

  explicit kv_index(kv_index_options options);

  /// Begins a generation, which is visible at once but counts as filling.
  generation_id open_generation(std::uint32_t worker_slot, std::uint64_t epoch);

  /// The generation holds all that its worker has.
  void complete_generation(generation_id id);

  /// Makes all memberships of the generation invisible, in O(1).
  void close_generation(generation_id id);

  /// Applies the runs in order. Admitting what is there and evicting what is
  /// not changes nothing. Returns how many admissions were refused for lack of
  /// memory.
  std::size_t apply(generation_id id, std::span<const report_run> runs,
                    std::span<const std::uint64_t> keys);

  /// Frees memory of closed generations, looking at `max_cells` places.
  /// Returns whether there is more to do.
  bool sweep(std::size_t max_cells);

  /// Begins to bring what `find` will need to this core.
  void prefetch(std::span<const std::uint64_t> hashes) const {
    for (const auto hash : hashes)
      table_.target_of(hash).prefetch_to_read();
  }

  /// Writes the visible holders of `hashes` to `out`, replacing its contents.
  /// A worker appears once per location, or twice during its full sync.
  /// `live_epochs` gives the live epoch of each worker slot, or 0.
  void find(std::span<const std::uint64_t> hashes,
            std::span<const std::uint64_t> live_epochs,
            found_holders& out) const;

  /// Adds the visible memberships to `counts`, by worker slot. A worker's
  /// complete generation counts, or the filling one if there is no other.
  void add_key_counts(std::span<const std::uint64_t> live_epochs,
                      std::span<key_count> counts) const;

  /// Adds this index to `status`.
  void add_status(std::span<const std::uint64_t> live_epochs,
                  index_status& status) const;

 private:
  enum class phase : std::uint8_t { filling, complete, closed, free };

  struct generation {
    std::uint64_t epoch = 0;
    std::uint32_t worker_slot = 0;
    phase state = phase::free;
    key_count counts{};

    std::uint64_t total() const { return counts[0] + counts[1]; }
  };

  /// What readers need to know of a generation.
  struct generation_view {
    std::uint64_t epoch = 0;
    std::uint64_t worker_slot = 0;  ///< `nobody` if it is closed.
  };
  static constexpr std::uint64_t nobody = ~0ULL;

  // A holder's word: generation, location, never 0, and below 2^31.
  static std::uint32_t word_of(generation_id id, location where) {
    return ((id + 1) << 1U) | static_cast<std::uint32_t>(where);
  }
  static generation_id generation_of(std::uint32_t word) {
    return (word >> 1U) - 1;
  }

  static bool is_open(const generation& g) {
    return g.state == phase::filling || g.state == phase::complete;
  }
  static bool is_visible(const generation& g,
                         std::span<const std::uint64_t> live_epochs) {
    return is_open(g) && g.worker_slot < live_epochs.size() &&
           live_epochs[g.worker_slot] == g.epoch;
  }

  class generation_change;
  class step;

  std::size_t apply_step(generation_id id, const report_run& run,
                         std::span<const std::uint64_t> keys);
  bool admit(const key_table::target& at, std::uint32_t word,
             std::uint64_t key);
  bool evict(const key_table::target& at, std::uint32_t word,
             std::uint64_t key);
  bool evict_at(key_table::place where, std::uint32_t word);
  bool evict_all_at(key_table::place where,
                    std::span<const std::uint32_t> words);
  std::size_t sweep_place(std::size_t max_cells);
  bool free_generations();

  class finder;

  const kv_index_options options_;

  /// Taken by the writer to change, and by readers to whom it did not leave a
  /// quiet moment.
  mutable fair_shared_mutex mutex_;
  memory_budget budget_;
  key_table table_;
  holder_sets sets_;
  std::vector<generation> generations_;
  growing_array<generation_view> views_;  ///< By generation.
  std::vector<generation_id> free_generations_;
  std::vector<generation_id> closed_generations_;
  std::vector<std::uint32_t> swept_words_;
  std::size_t sweep_position_ = 0;
  std::uint64_t refused_ = 0;

  std::uint64_t steps_ = 0;               ///< Of the writer, so far.
  std::uint64_t generation_changes_ = 0;  ///< Odd while one is under way.
};

}  // namespace kvc
