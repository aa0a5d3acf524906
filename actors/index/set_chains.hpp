#pragma once

#include "actors/index/memory_budget.hpp"

#include <cstdint>
#include <vector>

namespace kvc {

/// How holder_sets finds a shared set by its hash of 32 bits: the heads of a
/// chained hash table. It grows by one chain at a time (linear hashing), so
/// that no step takes long. The sets are linked by their owner.
class set_chains {
 public:
  explicit set_chains(memory_budget& budget);

  std::size_t size() const { return size_; }

  /// Returns the number of the chain that a hash belongs to.
  std::size_t chain_of(std::uint32_t hash) const {
    const auto number = hash & (2 * base_ - 1);
    return number < size_ ? number : hash & (base_ - 1);
  }

  /// Returns the head of a chain; 0 while the chain is empty.
  std::uint32_t& head(std::size_t chain) {
    return blocks_[chain / block_heads][chain % block_heads];
  }

  /// Adds an empty chain. Returns the number of the old chain whose elements
  /// may belong to the new one now. Without memory adds nothing and returns
  /// size().
  std::size_t grow();

 private:
  static constexpr std::size_t block_heads = 16'384;

  memory_budget& budget_;
  std::vector<std::vector<std::uint32_t>> blocks_;
  std::size_t base_ = 1;  ///< A power of two: base_ <= size_ <= 2 * base_.
  std::size_t size_ = 1;
};

}  // namespace kvc
