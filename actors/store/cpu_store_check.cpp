#include "actors/store/cpu_store.hpp"

#include <algorithm>
#include <cstring>

namespace kvc {

std::string cpu_store::check() {
  const std::lock_guard guard{mutex_};
  expire_pins();
  auto fault = memory_.check();
  if (fault.empty())
    fault = check_entries();
  if (fault.empty())
    fault = check_round_trip();
  return fault;
}

std::string cpu_store::check_entries() const {
  std::size_t occupied = 0;
  std::size_t idle = 0;
  std::size_t pinned = 0;
  std::uint64_t evictable_bytes = 0;
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    const auto& x = entries_[i];
    if (!x.is_occupied)
      continue;
    if (table_.find(x.hash) != i)
      return "cpu_store: a chunk that cannot be found";
    if (x.is_pinned != pins_.is_pinned(x.hash))
      return "cpu_store: a chunk that does not know whether it is pinned";
    ++occupied;
    idle += x.is_idle() ? 1 : 0;
    pinned += x.is_pinned ? 1 : 0;
    evictable_bytes += x.is_evictable() ? arena::rounded(x.bytes) : 0;
    bytes += arena::rounded(x.bytes);
  }
  if (occupied != table_.size() ||
      occupied + vacant_.size() != entries_.size() || idle != recency_.size() ||
      pinned != pins_.size() || evictable_bytes != evictable_bytes_ ||
      bytes > memory_.used_bytes())
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
