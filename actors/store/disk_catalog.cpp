#include "actors/store/disk_catalog.hpp"

#include <algorithm>
#include <cassert>

namespace kvc {

const disk_chunk* disk_catalog::find(std::uint64_t hash) const {
  const auto index = table_.find(hash);
  return index == none ? nullptr : &entries_[index].chunk;
}

bool disk_catalog::set_aside(std::uint64_t bytes) {
  if (bytes > capacity_bytes_ - used_bytes_)
    return false;
  used_bytes_ += bytes;
  return true;
}

std::optional<std::vector<disk_chunk>> disk_catalog::make_room(
  std::uint64_t bytes) {
  if (bytes > capacity_bytes_ - (used_bytes_ - evictable_bytes_))
    return std::nullopt;
  std::vector<disk_chunk> dropped;
  while (!set_aside(bytes)) {
    const auto victim = next_victim();
    assert(victim != none);
    dropped.push_back(entries_[victim].chunk);
    drop(dropped.back().record.hash);
  }
  return dropped;
}

std::uint32_t disk_catalog::next_victim() const {
  auto index = recency_.oldest();
  while (index != lru::none && !entries_[index].is_evictable())
    index = recency_.newer(index);
  return index;
}

void disk_catalog::admit(const disk_chunk& chunk) {
  if (vacant_.empty()) {
    vacant_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const auto index = vacant_.back();
  vacant_.pop_back();
  table_.insert(chunk.record.hash, index);
  update(index,
         {.chunk = chunk, .admission = chunk.generation, .is_occupied = true});
}

void disk_catalog::replace(const disk_chunk& chunk) {
  const auto index = table_.find(chunk.record.hash);
  auto x = entries_[index];
  give_back(x.chunk.file_bytes);
  x.chunk = chunk;
  x.borrowers = 0;
  update(index, x);
}

void disk_catalog::drop(std::uint64_t hash) {
  const auto index = table_.find(hash);
  give_back(entries_[index].chunk.file_bytes);
  update(index, {});
  table_.erase(hash);
  pins_.forget(hash);
  vacant_.push_back(index);
}

void disk_catalog::touch(std::span<const std::uint64_t> hashes) {
  std::for_each(hashes.rbegin(), hashes.rend(), [this](std::uint64_t hash) {
    const auto index = table_.find(hash);
    if (index == none || !entries_[index].is_idle())
      return;
    recency_.remove(index);
    recency_.add_newest(index);
  });
}

void disk_catalog::borrow(std::uint64_t hash) {
  const auto index = table_.find(hash);
  auto x = entries_[index];
  ++x.borrowers;
  update(index, x);
}

void disk_catalog::return_loan(const chunk_file_name& name) {
  const auto index = table_.find(name.hash);
  if (index == none || entries_[index].chunk.generation != name.generation)
    return;
  auto x = entries_[index];
  assert(x.borrowers > 0);
  --x.borrowers;
  update(index, x);
}

bool disk_catalog::is_held(std::uint64_t hash) const {
  const auto index = table_.find(hash);
  return index != none && entries_[index].holders > 0;
}

std::uint64_t disk_catalog::hold(std::uint64_t hash) {
  const auto index = table_.find(hash);
  auto x = entries_[index];
  ++x.holders;
  update(index, x);
  return x.admission;
}

void disk_catalog::release(std::uint64_t hash, std::uint64_t admission) {
  const auto index = table_.find(hash);
  if (index == none || entries_[index].admission != admission)
    return;
  auto x = entries_[index];
  assert(x.holders > 0);
  --x.holders;
  update(index, x);
}

void disk_catalog::pin(std::uint64_t hash, std::optional<time_point> until) {
  pins_.pin(hash, until);
  set_pinned(table_.find(hash), true);
}

bool disk_catalog::unpin(std::uint64_t hash) {
  const auto was_last = pins_.unpin(hash);
  if (was_last == true)
    set_pinned(table_.find(hash), false);
  return was_last.has_value();
}

void disk_catalog::expire_pins(time_point now) {
  if (pins_.size() == 0)
    return;
  for (const auto hash : pins_.expire(now))
    set_pinned(table_.find(hash), false);
}

void disk_catalog::set_pinned(std::uint32_t index, bool is_pinned) {
  auto x = entries_[index];
  x.is_pinned = is_pinned;
  update(index, x);
}

/// Changes an entry and what follows from it for the order of eviction.
void disk_catalog::update(std::uint32_t index, const entry& next) {
  auto& x = entries_[index];
  const auto was_idle = x.is_idle();
  evictable_bytes_ -= x.is_evictable() ? x.chunk.file_bytes : 0;
  x = next;
  evictable_bytes_ += x.is_evictable() ? x.chunk.file_bytes : 0;
  if (was_idle && !x.is_idle())
    recency_.remove(index);
  if (!was_idle && x.is_idle())
    recency_.add_newest(index);
}

membership_source::scan_step disk_catalog::scan(std::uint64_t cursor,
                                                std::size_t max_entries) const {
  membership_source::scan_step result;
  if (cursor >= entries_.size())
    return result;
  const auto end =
    cursor + std::min<std::uint64_t>(max_entries, entries_.size() - cursor);
  for (auto i = cursor; i < end; ++i)
    if (entries_[i].is_occupied)
      result.hashes.push_back(entries_[i].chunk.record.hash);
  result.next_cursor = end < entries_.size() ? end : 0;
  return result;
}

std::string disk_catalog::check() const {
  std::size_t occupied = 0;
  std::size_t idle = 0;
  std::size_t pinned = 0;
  std::uint64_t evictable_bytes = 0;
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const auto& x = entries_[i];
    if (!x.is_occupied)
      continue;
    if (table_.find(x.chunk.record.hash) != i)
      return "disk_store: a chunk that cannot be found";
    if (x.is_pinned != pins_.is_pinned(x.chunk.record.hash))
      return "disk_store: a chunk that does not know whether it is pinned";
    ++occupied;
    idle += x.is_idle() ? 1 : 0;
    pinned += x.is_pinned ? 1 : 0;
    evictable_bytes += x.is_evictable() ? x.chunk.file_bytes : 0;
    bytes += x.chunk.file_bytes;
  }
  if (occupied != table_.size() ||
      occupied + vacant_.size() != entries_.size() || idle != recency_.size() ||
      pinned != pins_.size() || evictable_bytes != evictable_bytes_ ||
      bytes > used_bytes_ || used_bytes_ > capacity_bytes_)
    return "disk_store: chunks do not add up";
  return {};
}

}  // namespace kvc
