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
  /// Odd and secret. Hashes are unkeyed, so prompts could aim at one place of a
  /// table whose multiplier is known.
  std::uint64_t key_multiplier = 0x9e3779b97f4a7c15U;

  /// Admissions that would need more memory are refused; 0 means no limit.
  /// Memory comes in blocks of 2 MiB, at least one. Evictions from sets of
  /// holders may take one block beyond the limit.
  std::uint64_t memory_limit_bytes = 0;
};

/// The memberships of one shard: which worker holds which chunk, exactly.
///
/// A membership belongs to a generation, and a generation to one epoch of one
/// worker. Whoever looks something up names the live epochs. Memberships of
/// other epochs and of closed generations are invisible at once, and swept
/// later.
///
/// One thread may write: the functions that are not const. Any number of
/// threads may call the others meanwhile.
class kv_index {
 public:
  using generation_id = std::uint32_t;

  explicit kv_index(kv_index_options options);

  /// Begins a generation. Its memberships are visible at once; it counts as
  /// filling until complete_generation().
  generation_id open_generation(std::uint32_t worker_slot, std::uint64_t epoch);

  /// The generation now holds all that its worker has.
  void complete_generation(generation_id id);

  /// Makes all memberships of the generation invisible, in O(1).
  void close_generation(generation_id id);

  /// Applies the runs in order. To admit what is there already, or evict what
  /// is not, changes nothing. Returns how many admissions were refused for lack
  /// of memory.
  std::size_t apply(generation_id id, std::span<const report_run> runs,
                    std::span<const std::uint64_t> keys);

  /// Removes memberships of closed generations from the next `max_cells` places
  /// of the table. Returns whether there is more to do.
  bool sweep(std::size_t max_cells);

  /// Prefetches what `find` will need for `hashes`.
  void prefetch(std::span<const std::uint64_t> hashes) const {
    for (const auto hash : hashes)
      table_.target_of(hash).prefetch_to_read();
  }

  /// Replaces the contents of `out` by the visible holders of `hashes`. A
  /// worker appears once per location, or twice during its full sync.
  /// `live_epochs` has the live epoch of each worker slot, or 0.
  void find(std::span<const std::uint64_t> hashes,
            std::span<const std::uint64_t> live_epochs,
            found_holders& out) const;

  /// Adds the numbers of visible memberships to `counts`, by worker slot. Of a
  /// worker only the complete generation counts, or the filling one if there is
  /// no other.
  void add_key_counts(std::span<const std::uint64_t> live_epochs,
                      std::span<key_count> counts) const;

  /// Adds the numbers of this index to `status`.
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

  /// What `find` needs to know of a generation.
  struct generation_view {
    std::uint64_t epoch = 0;
    std::uint64_t worker_slot = 0;  ///< `nobody` if the generation is closed.
  };
  static constexpr std::uint64_t nobody = ~0ULL;

  // A holder's word: generation + 1 and location. Never 0, and below 2^31.
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

  /// Taken by the writer for each step, and by a `find` that the writer
  /// disturbed too often.
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

  std::uint64_t steps_ = 0;  ///< Steps of the writer so far.

  /// Raised before and after each change of generations: odd during one.
  std::uint64_t generation_changes_ = 0;
};

}  // namespace kvc
