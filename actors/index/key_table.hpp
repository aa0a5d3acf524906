#pragma once

#include "actors/index/growing_array.hpp"
#include "actors/index/huge_blocks.hpp"
#include "actors/index/key_bucket.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace kvc {

/// A hash table from keys to words other than 0. It grows by splitting one
/// small segment at a time. One thread writes; any number may `read` meanwhile.
class key_table {
 public:
  static constexpr std::size_t segment_buckets = 2048;
  static constexpr std::size_t segment_cells =
    segment_buckets * key_bucket::cells;

  /// The place of a key in the table.
  struct place {
    key_bucket* bucket = nullptr;  ///< Null if the key is not there.
    unsigned cell = 0;

    std::uint32_t word() const { return bucket->words[cell]; }
  };

  /// What `read` found: the word, or 0 if the key is not there, and what tells
  /// whether that is still so.
  struct reading {
    const key_bucket* bucket = nullptr;
    std::uint32_t state = 0;
    std::uint32_t word = 0;

    /// Returns whether the writer has changed neither the word nor what the
    /// word refers to.
    bool still_holds() const { return load_acquire(bucket->state) == state; }
  };

  /// `key_multiplier` is odd and secret.
  key_table(std::uint64_t key_multiplier, memory_budget& budget);

  /// Where the search for a key begins. Valid until the next split.
  struct target {
    key_bucket* home = nullptr;
    std::uint32_t segment = 0;

    void prefetch_to_write() const { __builtin_prefetch(home, 1); }
    void prefetch_to_read() const { __builtin_prefetch(home, 0); }
  };
  target target_of(std::uint64_t key) const { return target_at(hash(key)); }

  /// For the writer.
  static place find(const target& at, std::uint64_t key);

  /// Adds a key that is not there yet. Returns false without memory.
  bool insert(target at, std::uint64_t key, std::uint32_t word);

  /// Removes the key at `where`.
  void erase(place where);

  /// Returns the number of all places, of empty cells too. It only grows.
  std::size_t place_count() const { return used_.size() * segment_cells; }
  place place_at(std::size_t i);

  /// Returns how many splits there were so far. Each takes some 0.2 ms.
  std::size_t splits() const { return used_.size() - group_count; }

  /// Finds a key, from any thread. `at` is a target of the key, however old.
  /// Returns false if the writer was in the way at every attempt.
  bool read(const target& at, std::uint64_t key, reading& result) const;

 private:
  static constexpr std::size_t group_count = 16;
  static constexpr unsigned group_bits =
    8;  ///< First bits of a hash: its group.
  static const std::array<std::uint8_t, 256> groups;
  static constexpr unsigned max_depth = 18;
  static constexpr std::size_t block_segments =
    huge_blocks::block_bytes / (segment_buckets * sizeof(key_bucket));

  /// A segment with `split_at` keys is split if memory is ready, one with
  /// `overdue_at` in any case; with `full_at` it takes no more. Measured:
  /// docs/index.md.
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

  /// Returns the next bucket of the same segment, behind the last the first.
  /// Segments lie at multiples of their size.
  static key_bucket* next(const key_bucket* b) {
    constexpr auto last = segment_buckets * sizeof(key_bucket) - 1;
    const auto address = reinterpret_cast<std::uintptr_t>(b);
    return reinterpret_cast<key_bucket*>(  // NOLINT(performance-no-int-to-ptr)
      (address & ~last) | ((address + sizeof(key_bucket)) & last));
  }

  /// Returns the `depth` bits of the hash that follow its group's bits.
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
  /// A directory for each group: its depth, then for each prefix the number of
  /// a segment.
  std::array<std::uint32_t*, group_count> directories_{};
  std::vector<std::vector<std::uint32_t>> all_directories_;
  std::vector<std::uint32_t> used_;   ///< Number of keys, by segment.
  std::vector<std::uint8_t> depths_;  ///< Number of prefix bits, by segment.
};

}  // namespace kvc
