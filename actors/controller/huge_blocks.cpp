#include "actors/controller/huge_blocks.hpp"

#include <memory>

namespace kvc {

std::byte* huge_blocks::take() {
  if (!budget_.take(block_bytes))
    return nullptr;
  if (left_ == 0) {
    auto space = (region_blocks + 1) * block_bytes;
    regions_.emplace_back(space);
    void* begin = &regions_.back()[0];
    next_ = static_cast<std::byte*>(
      std::align(block_bytes, region_blocks * block_bytes, begin, space));
    left_ = region_blocks;
  }
  auto* block = next_;
  next_ += block_bytes;
  --left_;
  return block;
}

}  // namespace kvc
