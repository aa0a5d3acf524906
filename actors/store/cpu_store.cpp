#include "actors/store/cpu_store.hpp"

#include <algorithm>
#include <cassert>

namespace kvc {

std::size_t cpu_store::count_prefix(
  std::span<const std::uint64_t> hashes) const {
  const std::lock_guard guard{mutex_};
  std::size_t count = 0;
  while (count < hashes.size() && table_.find(hashes[count]) != none)
    ++count;
  return count;
}

chunk_reader cpu_store::acquire(std::span<const std::uint64_t> hashes) {
  return hold(hashes, true);
}

chunk_reader cpu_store::borrow(std::span<const std::uint64_t> hashes) {
  return hold(hashes, false);
}

chunk_reader cpu_store::hold(std::span<const std::uint64_t> hashes,
                             bool is_use) {
  chunk_reader result{this, is_use};
  const std::lock_guard guard{mutex_};
  for (const auto hash : hashes) {
    const auto index = table_.find(hash);
    if (index == none)
      break;
    auto x = entries_[index];
    result.holds_.push_back({index, x.memory});
    result.chunks_.push_back({memory_.view(x.memory, x.bytes), x.codec,
                              x.raw_bytes, x.tokens, x.memory.offset,
                              x.checksum});
    x.users += is_use ? 1 : 0;
    x.readers += is_use ? 1 : 0;
    x.borrowers += is_use ? 0 : 1;
    update(index, x);
  }
  return result;
}

chunk_writer cpu_store::reserve(std::span<const new_chunk> chunks) {
  chunk_writer result{this};
  result.parts_.reserve(chunks.size());
  const std::lock_guard guard{mutex_};
  expire_pins();
  touch(chunks);
  for (const auto& x : chunks) {
    const auto index = table_.find(x.hash);
    if (index != none) {
      add_user(index);
      result.parts_.push_back({.chunk = x, .memory = {}, .entry = index});
      continue;
    }
    const auto memory = make_room(x.bytes);
    if (!memory)
      break;
    result.parts_.push_back({.chunk = x, .memory = *memory});
  }
  report_evictions();
  return result;
}

chunk_writer cpu_store::stage(const new_chunk& chunk) {
  chunk_writer result{this};
  result.parts_.reserve(1);
  const std::lock_guard guard{mutex_};
  expire_pins();
  if (const auto memory = make_room(chunk.bytes))
    result.parts_.push_back({.chunk = chunk, .memory = *memory});
  report_evictions();
  return result;
}

void cpu_store::note_checksum(const chunk_reader& reader, std::size_t i,
                              std::uint64_t checksum) {
  const auto& held = reader.holds_[i];
  const std::lock_guard guard{mutex_};
  auto& x = entries_[held.entry];
  if (x.is_occupied && x.memory.id == held.memory.id)
    x.checksum = checksum;
}

membership_source::scan_step cpu_store::scan(std::uint64_t cursor,
                                             std::size_t max_entries) const {
  membership_source::scan_step result;
  const std::lock_guard guard{mutex_};
  if (cursor >= entries_.size())
    return result;
  const auto end =
    cursor + std::min<std::uint64_t>(max_entries, entries_.size() - cursor);
  for (auto i = cursor; i < end; ++i)
    if (entries_[i].is_occupied)
      result.hashes.push_back(entries_[i].hash);
  result.next_cursor = end < entries_.size() ? end : 0;
  return result;
}

location_usage cpu_store::usage() const {
  const std::lock_guard guard{mutex_};
  return {.where = location::cpu,
          .chunks = table_.size(),
          .used_bytes = memory_.used_bytes(),
          .capacity_bytes = memory_.capacity()};
}

std::uint64_t cpu_store::drops() const {
  const std::lock_guard guard{mutex_};
  return drops_;
}

void cpu_store::release(const chunk_reader& reader) {
  const std::lock_guard guard{mutex_};
  std::for_each(reader.holds_.rbegin(), reader.holds_.rend(),
                [&](const auto& x) { give_back(x, reader.is_use_); });
}

std::size_t cpu_store::commit(std::span<chunk_writer::part> parts) {
  std::vector<std::uint64_t> admitted;
  admitted.reserve(parts.size());
  const std::lock_guard guard{mutex_};
  for (auto& x : parts) {
    if (x.entry != none)
      continue;
    x.entry = table_.find(x.chunk.hash);
    if (x.entry != none) {  // Somebody else was faster.
      memory_.release(x.memory);
      add_user(x.entry);
    } else {
      x.entry = admit(x.chunk, x.memory);
      admitted.push_back(x.chunk.hash);
    }
  }
  std::for_each(parts.rbegin(), parts.rend(),
                [this](const auto& x) { remove_user(x.entry); });
  if (options_.listener != nullptr && !admitted.empty())
    options_.listener->chunks_admitted(location::cpu, admitted);
  return admitted.size();
}

void cpu_store::abandon(std::span<const chunk_writer::part> parts) {
  const std::lock_guard guard{mutex_};
  std::for_each(parts.rbegin(), parts.rend(), [this](const auto& x) {
    if (x.entry == none)
      memory_.release(x.memory);
    else
      remove_user(x.entry);
  });
}

/// Changes an entry and what follows from it for the order of eviction.
void cpu_store::update(std::uint32_t index, const entry& next) {
  auto& x = entries_[index];
  const auto was_idle = x.is_idle();
  evictable_bytes_ -= x.is_evictable() ? arena::rounded(x.bytes) : 0;
  x = next;
  evictable_bytes_ += x.is_evictable() ? arena::rounded(x.bytes) : 0;
  if (was_idle && !x.is_idle())
    recency_.remove(index);
  if (!was_idle && x.is_idle())
    recency_.add_newest(index);
}

void cpu_store::add_user(std::uint32_t index) {
  auto x = entries_[index];
  ++x.users;
  update(index, x);
}

void cpu_store::remove_user(std::uint32_t index) {
  auto x = entries_[index];
  assert(x.users > 0);
  --x.users;
  update(index, x);
}

void cpu_store::give_back(const chunk_reader::hold& held, bool is_use) {
  auto x = entries_[held.entry];
  const auto is_current = x.is_occupied && x.memory.id == held.memory.id;
  if (!is_current) {
    const auto old = old_blocks_.find(held.memory.id);
    assert(old != old_blocks_.end());
    if (--old->second.holders == 0) {
      memory_.release(old->second.memory);
      old_blocks_.erase(old);
    }
  }
  // The entry of a user is the chunk's still, the one of a borrower maybe not.
  x.users -= is_use ? 1 : 0;
  x.readers -= is_use && is_current ? 1 : 0;
  x.borrowers -= !is_use && is_current ? 1 : 0;
  update(held.entry, x);
}

/// Gives up the memory of `x`: now, or when nobody holds it any more.
void cpu_store::retire(const entry& x) {
  const auto holders = x.readers + x.borrowers;
  if (holders == 0)
    memory_.release(x.memory);
  else
    old_blocks_.emplace(x.memory.id, old_block{x.memory, holders});
}

/// Makes what is here of `chunks` the last to be evicted for the rest of them.
void cpu_store::touch(std::span<const new_chunk> chunks) {
  for (const auto& x : chunks)
    table_.prefetch(x.hash);
  std::for_each(chunks.rbegin(), chunks.rend(), [this](const auto& x) {
    const auto index = table_.find(x.hash);
    if (index == none || !entries_[index].is_idle())
      return;
    recency_.remove(index);
    recency_.add_newest(index);
  });
}

/// Adds the chunk with one user, the caller.
std::uint32_t cpu_store::admit(const new_chunk& chunk, arena::block memory) {
  if (vacant_.empty()) {
    vacant_.push_back(static_cast<std::uint32_t>(entries_.size()));
    entries_.emplace_back();
  }
  const auto index = vacant_.back();
  vacant_.pop_back();
  entries_[index] = {
    .hash = chunk.hash,
    .bytes = chunk.bytes,
    .raw_bytes = chunk.raw_bytes == 0 ? chunk.bytes : chunk.raw_bytes,
    .memory = memory,
    .tokens = chunk.tokens,
    .users = 1,
    .checksum = chunk.checksum,
    .codec = chunk.codec,
    .is_occupied = true};
  table_.insert(chunk.hash, index);
  return index;
}

void cpu_store::drop(std::uint32_t index) {
  const auto x = entries_[index];
  assert(x.is_idle());
  update(index, {});
  table_.erase(x.hash);
  retire(x);
  dropped_.push_back(x.hash);
  vacant_.push_back(index);
  if (recency_.oldest() != lru::none)  // Likely to be the next to go.
    table_.prefetch(entries_[recency_.oldest()].hash);
}

std::uint32_t cpu_store::next_victim() const {
  auto index = recency_.oldest();
  while (index != lru::none && !entries_[index].is_evictable())
    index = recency_.newer(index);
  return index;
}

std::optional<arena::block> cpu_store::make_room(std::uint64_t bytes) {
  const auto in_use = memory_.used_bytes() - evictable_bytes_;
  if (bytes > memory_.capacity() - in_use)
    return std::nullopt;
  auto memory = memory_.allocate(bytes);
  while (!memory) {
    const auto victim = next_victim();
    if (victim == none)
      break;
    drop(victim);
    memory = memory_.allocate(bytes);
  }
  return memory;
}

void cpu_store::report_evictions() {
  if (options_.listener != nullptr && !dropped_.empty())
    options_.listener->chunks_evicted(location::cpu, dropped_);
  drops_ += dropped_.size();
  dropped_.clear();
}

}  // namespace kvc
