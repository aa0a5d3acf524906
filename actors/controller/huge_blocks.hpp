#pragma once

#include "actors/controller/memory_budget.hpp"
#include "actors/controller/zeroed_array.hpp"

#include <cstddef>
#include <vector>

namespace kvc {

/// Blocks of zero bytes, each a huge page where the system grants them. They
/// are given back when the object dies.
class huge_blocks {
 public:
  static constexpr std::size_t block_bytes = std::size_t{2} << 20U;

  explicit huge_blocks(memory_budget& budget) : budget_(budget) {}

  /// Returns a new block, or null if it would exceed the budget. Throws
  /// std::bad_alloc.
  std::byte* take();

 private:
  static constexpr std::size_t region_blocks = 32;  ///< Of addresses only.

  memory_budget& budget_;
  std::vector<zeroed_array<std::byte>> regions_;
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;  ///< Blocks of the last region.
};

}  // namespace kvc
