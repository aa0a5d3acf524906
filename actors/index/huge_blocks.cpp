#include "actors/index/huge_blocks.hpp"

#include <algorithm>
#include <memory>

namespace kvc {

std::byte* huge_blocks::take() {
  if (!budget_.take(block_bytes))
    return nullptr;
  if (left_ == 0)
    add_region();
  auto* block = next_;
  next_ += block_bytes;
  if (--left_ == 0)
    add_region();
  ++taken_;
  warm_some();
  return block;
}

/// A table grows in bursts, in longer ones the larger it is.
void huge_blocks::warm_some() {
  constexpr std::size_t most = 8;
  const auto ahead = std::min({most, 1 + taken_ / 8, left_});
  const auto* end = next_ + ahead * block_bytes;
  warm_end_ = std::max(warm_end_, next_);
  for (; warm_end_ < end; warm_end_ += block_bytes) {
    if (!budget_.has_room(static_cast<std::uint64_t>(warm_end_ - next_) +
                          block_bytes))
      return;
    warmer_.warm(warm_end_, block_bytes);
    ++requested_;
  }
}

void huge_blocks::add_region() {
  auto space = (region_blocks + 1) * block_bytes;
  regions_.emplace_back(space);
  void* begin = &regions_.back()[0];
  next_ = static_cast<std::byte*>(
    std::align(block_bytes, region_blocks * block_bytes, begin, space));
  warm_end_ = next_;
  left_ = region_blocks;
}

}  // namespace kvc
