#include "actors/index/set_chains.hpp"

namespace kvc {

set_chains::set_chains(memory_budget& budget) : budget_(budget) {
  budget_.take(block_heads * sizeof(std::uint32_t));
  blocks_.emplace_back(block_heads);
}

std::size_t set_chains::grow() {
  if (size_ == blocks_.size() * block_heads) {
    if (!budget_.take(block_heads * sizeof(std::uint32_t)))
      return size_;
    blocks_.emplace_back(block_heads);
  }
  if (size_ == 2 * base_)
    base_ *= 2;
  return size_++ - base_;
}

}  // namespace kvc
