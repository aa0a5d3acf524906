#include "actors/store/chunk_table.hpp"

#include <cassert>
#include <random>

namespace kvc {

namespace {

constexpr std::uint32_t first_bits = 8;

std::uint64_t random_odd() {
  std::random_device random;
  return (std::uint64_t{random()} << 32U) | random() | 1U;
}

}  // namespace

chunk_table::chunk_table()
    : multiplier_(random_odd()),
      shift_(64 - first_bits),
      slots_(std::size_t{1} << first_bits) {}

/// Returns the slot of `hash`, or the empty one where it belongs.
std::size_t chunk_table::locate(std::uint64_t hash) const {
  auto at = home(hash);
  while (slots_[at].index != none && slots_[at].hash != hash)
    at = (at + 1) & (slots_.size() - 1);
  return at;
}

std::uint32_t chunk_table::find(std::uint64_t hash) const {
  return slots_[locate(hash)].index;
}

void chunk_table::insert(std::uint64_t hash, std::uint32_t index) {
  assert(index != none && find(hash) == none);
  if ((size_ + 1) * 4 > slots_.size() * 3)
    grow();
  slots_[locate(hash)] = {hash, index};
  ++size_;
}

void chunk_table::erase(std::uint64_t hash) {
  const auto mask = slots_.size() - 1;
  auto hole = locate(hash);
  assert(slots_[hole].index != none);
  // Moves up what was pushed past the hole, so that no tombstones are needed.
  for (auto at = (hole + 1) & mask; slots_[at].index != none;
       at = (at + 1) & mask) {
    const auto distance = (at - home(slots_[at].hash)) & mask;
    if (distance < ((at - hole) & mask))
      continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
  --size_;
}

void chunk_table::grow() {
  const auto old = std::move(slots_);
  slots_ = std::vector<slot>(old.size() * 2);
  --shift_;
  for (const auto& x : old)
    if (x.index != none)
      slots_[locate(x.hash)] = x;
}

}  // namespace kvc
