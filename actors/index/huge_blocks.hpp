#pragma once

#include "actors/index/memory_budget.hpp"
#include "actors/index/page_warmer.hpp"
#include "actors/index/mapped_array.hpp"

#include <cstddef>
#include <vector>

namespace kvc {

/// Blocks of zero bytes, each a huge page where the system grants them. They
/// are given back when the object dies. A few more than were taken are made
/// ready, as far as the budget allows it, though it does not count them.
class huge_blocks {
 public:
  static constexpr std::size_t block_bytes = std::size_t{2} << 20U;

  explicit huge_blocks(memory_budget& budget) : budget_(budget) {}
  huge_blocks(const huge_blocks&) = delete;
  huge_blocks& operator=(const huge_blocks&) = delete;

  /// Returns a new block, or null if it would exceed the budget. Throws
  /// std::bad_alloc.
  std::byte* take();

  /// Returns whether the next block takes no time to be provided, or is not
  /// being made ready.
  bool is_ready() const {
    const auto ahead = blocks_ahead();
    return ahead == 0 || warmer_.done() > requested_ - ahead;
  }

 private:
  static constexpr std::size_t region_blocks = 32;  ///< Of addresses only.

  /// Blocks that the warmer was asked for and that were not taken yet.
  std::size_t blocks_ahead() const {
    return warm_end_ <= next_
             ? 0
             : static_cast<std::size_t>(warm_end_ - next_) / block_bytes;
  }

  void add_region();
  void warm_some();

  memory_budget& budget_;
  std::vector<mapped_array<std::byte>> regions_;
  std::byte* next_ = nullptr;
  std::byte* warm_end_ = nullptr;  ///< What was asked of the warmer ends here.
  std::size_t requested_ = 0;      ///< Of the warmer, in blocks.
  std::size_t taken_ = 0;
  std::size_t left_ = 0;  ///< Blocks of the last region.
  page_warmer warmer_;    ///< Dies before the regions.
};

}  // namespace kvc
