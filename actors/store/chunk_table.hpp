#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kvc {

/// An open-addressing hash table from chunk hashes to small indexes, which mean
/// something to the caller only. Not thread-safe.
class chunk_table {
 public:
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  chunk_table();

  /// Returns the index of `hash`; `none` if it is absent.
  std::uint32_t find(std::uint64_t hash) const;

  /// Brings what the next call for `hash` needs into the processor's cache.
  void prefetch(std::uint64_t hash) const {
    __builtin_prefetch(&slots_[home(hash)]);
  }

  /// Adds `hash`, which must be absent. `index` must not be `none`.
  void insert(std::uint64_t hash, std::uint32_t index);

  /// Removes `hash`, which must be present.
  void erase(std::uint64_t hash);

  std::size_t size() const { return size_; }

 private:
  struct slot {
    std::uint64_t hash = 0;
    std::uint32_t index = none;  ///< `none` marks an empty slot.
  };

  std::size_t home(std::uint64_t hash) const {
    return (hash * multiplier_) >> shift_;
  }

  std::size_t locate(std::uint64_t hash) const;
  void grow();

  std::uint64_t multiplier_;  ///< Random, so that no prompt can aim at a slot.
  std::uint32_t shift_;       ///< 64 minus the binary logarithm of the slots.
  std::vector<slot> slots_;
  std::size_t size_ = 0;
};

}  // namespace kvc
