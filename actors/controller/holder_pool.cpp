#include "actors/controller/holder_pool.hpp"

#include <algorithm>
#include <bit>

namespace kvc {

namespace {

/// The words that a list of `length` occupies: a power of two.
std::uint32_t size_for(std::uint32_t length, std::uint32_t smallest) {
  return std::max(smallest, std::bit_ceil(length + 1));
}

std::size_t size_class(std::uint32_t size) {
  return static_cast<std::size_t>(std::countr_zero(size));
}

}  // namespace

holder_pool::reference holder_pool::push(reference list, std::uint32_t word) {
  const std::uint32_t length = list == 0 ? 0 : at(list)[0];
  const auto size = size_for(length + 1, smallest);
  if (list == 0 || size != size_for(length, smallest)) {
    const auto larger = allocate(size);
    if (list != 0) {
      std::copy_n(at(list), length + 1, at(larger));
      release(list, size_for(length, smallest));
    }
    list = larger;
  }
  auto* block = at(list);
  block[0] = length + 1;
  block[length + 1] = word;
  return list;
}

std::uint64_t holder_pool::bytes_to_push(reference list) const {
  const std::uint32_t length = list == 0 ? 0 : at(list)[0];
  const auto size = size_for(length + 1, smallest);
  const auto fits = (list != 0 && size == size_for(length, smallest)) ||
                    free_[size_class(size)] != 0 || next_ + size <= block_words;
  return fits ? 0 : block_words * 4;
}

holder_pool::reference holder_pool::remove(reference list,
                                           std::uint32_t position) {
  auto* block = at(list);
  const auto length = --block[0];
  block[position + 1] = block[length + 1];
  const auto size = size_for(length + 1, smallest);
  if (length == 0) {
    release(list, size);
    return 0;
  }
  const auto fitting = size_for(length, smallest);
  if (fitting == size)
    return list;
  const auto smaller = allocate(fitting);
  std::copy_n(at(list), length + 1, at(smaller));
  release(list, size);
  return smaller;
}

holder_pool::reference holder_pool::allocate(std::uint32_t size) {
  auto& free = free_[size_class(size)];
  if (free != 0) {
    const auto list = free;
    free = at(list)[0];
    return list;
  }
  if (next_ + size > block_words) {
    blocks_.push_back(std::make_unique<memory_block>());
    // Word 0 of the first block stays unused: reference 0 means none.
    next_ = blocks_.size() == 1 ? smallest : 0;
  }
  const auto list =
    static_cast<reference>((blocks_.size() - 1) * block_words) + next_;
  next_ += size;
  return list;
}

void holder_pool::release(reference list, std::uint32_t size) {
  auto& free = free_[size_class(size)];
  at(list)[0] = free;
  free = list;
}

}  // namespace kvc
