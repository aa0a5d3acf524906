#pragma once

#include "actors/index/mapped_array.hpp"
#include "actors/index/memory_budget.hpp"
#include "actors/index/page_warmer.hpp"

#include <cstddef>
#include <vector>

namespace kvc {

/// Gives out blocks of zero bytes, each a huge page where the system grants
/// one. They go back to the system when this object is destroyed. A thread
/// makes a few blocks ready in advance, as far as the budget has room for them;
/// the budget counts a block when it is taken.
class huge_blocks {
 public:
  static constexpr std::size_t block_bytes = std::size_t{2} << 20U;

  explicit huge_blocks(memory_budget& budget) : budget_(budget) {}
  huge_blocks(const huge_blocks&) = delete;
  huge_blocks& operator=(const huge_blocks&) = delete;

  /// Returns a new block, or null if the budget has no room. Throws
  /// std::bad_alloc.
  std::byte* take();

  /// Returns false while the next block is being made ready: whoever takes it
  /// now has to wait for the system.
  bool is_ready() const {
    const auto ahead = blocks_ahead();
    return ahead == 0 || warmer_.done() > requested_ - ahead;
  }

 private:
  /// Blocks of a region, which reserves addresses only.
  static constexpr std::size_t region_blocks = 32;

  /// Returns how many blocks the warmer was given that were not taken yet.
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
  std::byte* warm_end_ =
    nullptr;                   ///< Behind the last block given to `warmer_`.
  std::size_t requested_ = 0;  ///< Blocks given to `warmer_` so far.
  std::size_t taken_ = 0;
  std::size_t left_ = 0;  ///< Blocks of the last region that are not taken.
  page_warmer warmer_;    ///< Declared last: must end before the regions.
};

}  // namespace kvc
