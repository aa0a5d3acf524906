#include "actors/index/holder_pool.hpp"

#include <bit>
#include <cassert>

namespace kvc {

std::size_t holder_pool::size_class(std::uint32_t units) {
  if (units <= largest_small / unit)
    return units;
  assert(std::has_single_bit(units - 1));
  return largest_small / unit +
         static_cast<std::size_t>(std::countr_zero(units - 1));
}

holder_pool::reference holder_pool::allocate(std::uint32_t words) {
  const auto units = units_for(words);
  auto& released = released_[size_class(units)];
  if (released != 0) {
    const auto run = released;
    released = at(run)[0];
    return run;
  }
  if (next_ + units > block_units && !add_block())
    return 0;
  const auto run =
    static_cast<reference>((blocks_.size() - 1) * block_units) + next_;
  next_ += units;
  return run;
}

bool holder_pool::add_block() {
  if (blocks_.size() == max_blocks)
    return false;
  auto* block = memory_.take();
  if (block == nullptr ||
      !blocks_.push_back(reinterpret_cast<std::uint32_t*>(block)))
    return false;
  // Unit 0 of the first block stays unused: reference 0 means none.
  next_ = blocks_.size() == 1 ? 1 : 0;
  return true;
}

void holder_pool::release(reference run, std::uint32_t words) {
  auto& released = released_[size_class(units_for(words))];
  store_release(at(run)[0], released);
  released = run;
}

}  // namespace kvc
