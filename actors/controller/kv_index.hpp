#pragma once

#include "actors/controller/fair_shared_mutex.hpp"
#include "actors/controller/holder_pool.hpp"
#include "actors/controller/zeroed_array.hpp"
#include "messages/index_shard.hpp"
#include "messages/lookup.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// One membership as readers see it.
struct holder {
  std::uint32_t worker_slot : 31;
  std::uint32_t is_on_disk : 1;  ///< Else it is location::cpu.

  friend bool operator==(const holder&, const holder&) = default;
};

/// The holders of a number of hashes, one after the other.
struct holder_lists {
  std::vector<std::uint32_t> ends;  ///< Where each hash's holders end.
  std::vector<holder> holders;
};

struct kv_index_options {
  /// Odd and secret: hashes are unkeyed, prompts could aim at one place.
  std::uint64_t key_multiplier = 0x9e3779b97f4a7c15U;

  /// Admissions that would need more memory are refused; 0 means no limit.
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

  /// Writes the visible holders of `hashes` to `out`, replacing its contents.
  /// A worker appears once per location, or twice during its full sync.
  /// `live_epochs` gives the live epoch of each worker slot, or 0.
  void find(std::span<const std::uint64_t> hashes,
            std::span<const std::uint64_t> live_epochs,
            holder_lists& out) const;

  /// Adds the visible memberships to `counts`, by worker slot. A worker's
  /// complete generation counts, or the filling one if there is no other.
  void add_key_counts(std::span<const std::uint64_t> live_epochs,
                      std::span<key_count> counts) const;

  /// Adds this index to `status`.
  void add_status(std::span<const std::uint64_t> live_epochs,
                  index_status& status) const;

 private:
  /// A chunk: its first holder here, the others in the pool. Empty if `first`
  /// is 0.
  struct cell {
    std::uint64_t key = 0;
    std::uint32_t first = 0;
    holder_pool::reference rest = 0;
  };

  enum class phase : std::uint8_t { filling, complete, closed, free };

  struct generation {
    std::uint64_t epoch = 0;
    std::uint32_t worker_slot = 0;
    phase state = phase::free;
    key_count counts{};

    std::uint64_t total() const { return counts[0] + counts[1]; }
  };

  // A holder's word: generation, location, and never 0.
  static std::uint32_t word_of(generation_id id, location where) {
    return ((id + 1) << 1U) | static_cast<std::uint32_t>(where);
  }
  static generation_id generation_of(std::uint32_t word) {
    return (word >> 1U) - 1;
  }

  std::size_t home(std::uint64_t key) const {
    const auto product = key * options_.key_multiplier;
    return ((product ^ (product >> 32U)) * 0x9e3779b97f4a7c15U) >> shift_;
  }
  std::size_t next(std::size_t position) const {
    return (position + 1) & (cells_.size() - 1);
  }

  bool is_visible(const generation& g,
                  std::span<const std::uint64_t> live_epochs) const {
    return (g.state == phase::filling || g.state == phase::complete) &&
           g.worker_slot < live_epochs.size() &&
           live_epochs[g.worker_slot] == g.epoch;
  }

  std::size_t locate(std::uint64_t key) const;
  std::size_t apply_some(generation_id id, location where, bool is_admission,
                         std::span<const std::uint64_t> keys);
  bool admit(generation_id id, location where, std::uint64_t key);
  void evict(generation_id id, location where, std::uint64_t key);
  bool grow();
  void erase_cell(std::size_t position);
  bool sweep_cell(std::size_t position);
  void remove_first(cell& c);
  std::uint64_t bytes() const;

  const kv_index_options options_;
  mutable fair_shared_mutex
    mutex_;  ///< Taken by the writer to change, by readers to read.
  zeroed_array<cell> cells_;
  unsigned shift_ = 0;
  std::size_t used_cells_ = 0;
  holder_pool pool_;
  std::vector<generation> generations_;
  std::vector<generation_id> free_generations_;
  std::vector<generation_id> closed_generations_;
  std::size_t sweep_position_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace kvc
