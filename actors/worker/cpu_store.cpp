#include "actors/worker/cpu_store.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

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
  chunk_reader result{this};
  const std::lock_guard guard{mutex_};
  for (const auto hash : hashes) {
    const auto index = table_.find(hash);
    if (index == none)
      break;
    hold(index);
    const auto& x = entries_[index];
    result.entries_.push_back(index);
    result.chunks_.push_back({memory_.view(x.memory, x.bytes), x.tokens});
  }
  return result;
}

chunk_writer cpu_store::reserve(std::span<const new_chunk> chunks) {
  chunk_writer result{this};
  result.parts_.reserve(chunks.size());
  const std::lock_guard guard{mutex_};
  touch(chunks);
  for (const auto& x : chunks) {
    const auto index = table_.find(x.hash);
    if (index != none) {
      hold(index);
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

std::size_t cpu_store::evict(std::span<const std::uint64_t> hashes) {
  const std::lock_guard guard{mutex_};
  for (const auto hash : hashes) {
    const auto index = table_.find(hash);
    if (index != none && entries_[index].users == 0)
      drop(index);
  }
  const auto count = dropped_.size();
  report_evictions();
  return count;
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

void cpu_store::release(std::span<const std::uint32_t> entries) {
  const std::lock_guard guard{mutex_};
  std::for_each(entries.rbegin(), entries.rend(),
                [this](std::uint32_t index) { let_go(index); });
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
      hold(x.entry);
    } else {
      x.entry = admit(x.chunk, x.memory);
      admitted.push_back(x.chunk.hash);
    }
  }
  std::for_each(parts.rbegin(), parts.rend(),
                [this](const auto& x) { let_go(x.entry); });
  if (listener_ != nullptr && !admitted.empty())
    listener_->chunks_admitted(location::cpu, admitted);
  return admitted.size();
}

void cpu_store::abandon(std::span<const chunk_writer::part> parts) {
  const std::lock_guard guard{mutex_};
  std::for_each(parts.rbegin(), parts.rend(), [this](const auto& x) {
    if (x.entry == none)
      memory_.release(x.memory);
    else
      let_go(x.entry);
  });
}

void cpu_store::hold(std::uint32_t index) {
  auto& x = entries_[index];
  if (x.users++ == 0) {
    recency_.remove(index);
    evictable_bytes_ -= arena::rounded(x.bytes);
  }
}

void cpu_store::let_go(std::uint32_t index) {
  auto& x = entries_[index];
  assert(x.users > 0);
  if (--x.users == 0) {
    recency_.add_newest(index);
    evictable_bytes_ += arena::rounded(x.bytes);
  }
}

/// Makes what is here of `chunks` the last to be evicted for the rest of them.
void cpu_store::touch(std::span<const new_chunk> chunks) {
  for (const auto& x : chunks)
    table_.prefetch(x.hash);
  std::for_each(chunks.rbegin(), chunks.rend(), [this](const auto& x) {
    const auto index = table_.find(x.hash);
    if (index == none || entries_[index].users > 0)
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
  entries_[index] = {.hash = chunk.hash,
                     .bytes = chunk.bytes,
                     .memory = memory,
                     .tokens = chunk.tokens,
                     .users = 1,
                     .is_occupied = true};
  table_.insert(chunk.hash, index);
  return index;
}

void cpu_store::drop(std::uint32_t index) {
  auto& x = entries_[index];
  assert(x.users == 0);
  recency_.remove(index);
  evictable_bytes_ -= arena::rounded(x.bytes);
  table_.erase(x.hash);
  memory_.release(x.memory);
  dropped_.push_back(x.hash);
  x.is_occupied = false;
  vacant_.push_back(index);
  if (recency_.oldest() != lru::none)  // Likely to be the next to go.
    table_.prefetch(entries_[recency_.oldest()].hash);
}

std::optional<arena::block> cpu_store::make_room(std::uint64_t bytes) {
  const auto in_use = memory_.used_bytes() - evictable_bytes_;
  if (bytes > memory_.capacity() - in_use)
    return std::nullopt;
  auto memory = memory_.allocate(bytes);
  while (!memory && recency_.oldest() != lru::none) {
    drop(recency_.oldest());
    memory = memory_.allocate(bytes);
  }
  return memory;
}

void cpu_store::report_evictions() {
  if (listener_ != nullptr && !dropped_.empty())
    listener_->chunks_evicted(location::cpu, dropped_);
  dropped_.clear();
}

std::string cpu_store::check() {
  const std::lock_guard guard{mutex_};
  auto fault = memory_.check();
  if (fault.empty())
    fault = check_entries();
  if (fault.empty())
    fault = check_round_trip();
  return fault;
}

std::string cpu_store::check_entries() const {
  std::size_t occupied = 0;
  std::size_t evictable = 0;
  std::uint64_t evictable_bytes = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const auto& x = entries_[i];
    if (!x.is_occupied)
      continue;
    ++occupied;
    if (table_.find(x.hash) != i)
      return "cpu_store: a chunk that cannot be found";
    if (x.users > 0)
      continue;
    ++evictable;
    evictable_bytes += arena::rounded(x.bytes);
  }
  if (occupied != table_.size() ||
      occupied + vacant_.size() != entries_.size() ||
      evictable != recency_.size() || evictable_bytes != evictable_bytes_)
    return "cpu_store: chunks do not add up";
  return {};
}

std::string cpu_store::check_round_trip() {
  constexpr std::uint64_t bytes = 4096;
  const auto block = memory_.allocate(bytes);
  if (!block)
    return {};  // A full store is well; evicting would make it worse.
  const auto memory = memory_.view(*block, bytes);
  constexpr unsigned char pattern = 0xA5;
  std::memset(memory.data(), pattern, memory.size());
  const auto is_wrong = [](std::byte x) { return x != std::byte{pattern}; };
  const auto wrong = std::count_if(memory.begin(), memory.end(), is_wrong);
  memory_.release(*block);
  return wrong == 0 ? "" : "cpu_store: memory does not keep what is written";
}

}  // namespace kvc
