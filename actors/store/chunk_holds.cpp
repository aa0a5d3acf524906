#include "actors/store/chunk_holds.hpp"

#include <iterator>

namespace kvc {

chunk_holds::~chunk_holds() {
  while (!held_.empty())
    held_.erase(std::prev(held_.end()));
}

void chunk_holds::add(std::size_t place, chunk_reader held) {
  held_.emplace(place, std::move(held));
}

void chunk_holds::add(std::size_t place, disk_hold held) {
  held_.emplace(place, std::move(held));
}

}  // namespace kvc
