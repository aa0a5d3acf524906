#include "actors/store/lru.hpp"

#include <cassert>

namespace kvc {

void lru::add_newest(std::uint32_t index) {
  if (index >= links_.size())
    links_.resize(std::size_t{index} + 1);
  links_[index] = {.newer = none, .older = newest_};
  (newest_ == none ? oldest_ : links_[newest_].newer) = index;
  newest_ = index;
  ++size_;
}

void lru::remove(std::uint32_t index) {
  assert(index < links_.size() && size_ > 0);
  const auto [newer, older] = links_[index];
  (newer == none ? newest_ : links_[newer].older) = older;
  (older == none ? oldest_ : links_[older].newer) = newer;
  --size_;
}

}  // namespace kvc
