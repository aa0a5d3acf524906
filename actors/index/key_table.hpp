#pragma once

#include "actors/index/huge_blocks.hpp"
#include "actors/index/key_bucket.hpp"
#include "actors/index/growing_array.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace kvc {

/// A hash table from keys to words other than 0, that grows by splitting one
/// small segment at a time. One thread writes; any number may `read` beside it.
class key_table {
 public:
  static constexpr std::size_t segment_buckets = 2048;
  static constexpr std::size_t segment_cells =
    segment_buckets * key_bucket::cells;

  /// Where a key is.
  struct place {
    key_bucket* bucket = nullptr;  ///< Null if the key is not there.
    unsigned cell = 0;

    std::uint32_t word() const { return bucket->words[cell]; }
  };

  /// What a reader saw: the word, or 0, and what tells whether it still holds.
  struct reading {
    const key_bucket* bucket = nullptr;
    std::uint32_t state = 0;
    std::uint32_t word = 0;

    /// The word, and what the writer guards with it, did not change.
    bool still_holds() const { return load_acquire(bucket->state) == state; }
  };

  /// `key_multiplier` is odd and secret.
  key_table(std::uint64_t key_multiplier, memory_budget& budget);

  /// Where a key is looked for first. Valid until the next split.
  struct target {
    key_bucket* home = nullptr;
    std::uint32_t segment = 0;

    /// Brings the cache line here.
    void prefetch_to_write() const { __builtin_prefetch(home, 1); }
    void prefetch_to_read() const { __builtin_prefetch(home, 0); }
  };
  target target_of(std::uint64_t key) const { return target_at(hash(key)); }

  /// For the writer.
  static place find(const target& at, std::uint64_t key);

  /// Adds a key that is not there. Returns false if there is no memory for it.
  bool insert(target at, std::uint64_t key, std::uint32_t word);

  /// Removes the key at `where`.
  void erase(place where);

  /// All places, those of empty cells too. They grow in number.
  std::size_t place_count() const { return used_.size() * segment_cells; }
  place place_at(std::size_t i);

  /// How many segments were split so far: each takes its time.
  std::size_t splits() const { return used_.size() - group_count; }

  /// Reads beside the writer; `at` is a target of the key, however old. Returns
  /// false if the writer was in the way all the time.
  bool read(const target& at, std::uint64_t key, reading& result) const;

 private:
  static constexpr std::size_t group_count = 16;
  static constexpr unsigned group_bits = 8;  ///< Of a hash name its group.
  static const std::array<std::uint8_t, 256> groups;
  static constexpr unsigned max_depth = 18;
  static constexpr std::size_t block_segments =
    huge_blocks::block_bytes / (segment_buckets * sizeof(key_bucket));

  /// A segment is split at the first if memory is ready, at the second if it
  /// is not, and takes nothing beyond the third. Measured: docs/index.md.
  static constexpr std::size_t split_at = segment_cells * 85 / 100;
  static constexpr std::size_t overdue_at = segment_cells * 95 / 100;
  static constexpr std::size_t full_at = segment_cells * 97 / 100;

  std::uint64_t hash(std::uint64_t key) const {
    const auto product = key * key_multiplier_;
    return (product ^ (product >> 32U)) * 0x9e3779b97f4a7c15U;
  }
  static std::size_t home(std::uint64_t h) {
    return (h >> 16U) % segment_buckets;
  }

  /// Segments lie at multiples of their size.
  static key_bucket* next(const key_bucket* b) {
    constexpr auto last = segment_buckets * sizeof(key_bucket) - 1;
    const auto address = reinterpret_cast<std::uintptr_t>(b);
    return reinterpret_cast<key_bucket*>(  // NOLINT(performance-no-int-to-ptr)
      (address & ~last) | ((address + sizeof(key_bucket)) & last));
  }

  /// Returns the first `depth` bits of the hash behind its group's.
  static std::size_t prefix(std::uint64_t h, unsigned depth) {
    return (h << group_bits >> 1U) >> (63U - depth);
  }

  static std::size_t group_of(std::uint64_t h) {
    return groups[h >> (64U - group_bits)];
  }
  std::uint32_t segment_of(std::uint64_t h) const {
    const auto* directory = load_acquire(directories_[group_of(h)]);
    return load_acquire(directory[1 + prefix(h, directory[0])]);
  }
  key_bucket* segment(std::uint32_t number) const {
    return blocks_.read()[number / block_segments] +
           number % block_segments * segment_buckets;
  }
  target target_at(std::uint64_t h) const {
    const auto number = segment_of(h);
    return {segment(number) + home(h), number};
  }

  enum class outcome : std::uint8_t { found, absent, disturbed };
  outcome try_read(const target& at, std::uint64_t key, reading& result) const;
  static outcome scan(const key_bucket& b, std::uint64_t key, reading& result);

  void add_group(std::size_t group);
  bool add_segment(unsigned depth);
  static void put(key_bucket* home, std::uint64_t key, std::uint32_t word);
  static void remove(place where, key_bucket* home);
  bool is_to_be_split(std::size_t used) const;
  bool split(std::uint64_t h);
  bool deepen(std::size_t group);
  void publish(std::uint64_t h, unsigned depth, std::uint32_t upper);
  void copy_upper(const key_bucket* from, key_bucket* to, unsigned depth) const;
  std::uint32_t remove_upper(key_bucket* from, unsigned depth) const;
  void bring_home(key_bucket* in) const;

  const std::uint64_t key_multiplier_;
  memory_budget& budget_;
  huge_blocks memory_;
  growing_array<key_bucket*> blocks_;
  /// By group: its depth, then the number of a segment for each prefix.
  std::array<std::uint32_t*, group_count> directories_{};
  std::vector<std::vector<std::uint32_t>> all_directories_;
  std::vector<std::uint32_t> used_;   ///< Keys, by segment.
  std::vector<std::uint8_t> depths_;  ///< Prefix bits, by segment.
};

}  // namespace kvc
