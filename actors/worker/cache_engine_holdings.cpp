#include "actors/hashing/chunk_hasher.hpp"
#include "actors/worker/cache_engine.hpp"

#include <algorithm>
#include <utility>

namespace kvc {

std::size_t cache_engine::count_prefix(
  std::span<const std::uint64_t> hashes) const {
  std::size_t count = 0;
  for (std::size_t step = 1; step > 0 && count < hashes.size(); count += step) {
    step = cpu_ ? cpu_->count_prefix(hashes.subspan(count)) : 0;
    if (disk_)
      step += disk_->count_prefix(hashes.subspan(count + step));
  }
  return count;
}

std::size_t cache_engine::contains(
  std::span<const std::uint32_t> tokens) const {
  const auto count = count_prefix(hasher_->hash_prompt(tokens));
  return std::min(count * hasher_->chunk_size(), tokens.size());
}

std::size_t cache_engine::evict(std::span<const std::uint32_t> tokens) {
  const auto hashes = hasher_->hash_prompt(tokens);
  std::size_t count = 0;
  for (const auto where : {location::cpu, location::disk})
    if (auto* store = at(where))
      count += static_cast<std::size_t>(std::ranges::count(
        store->clear(hashes), chunk_outcome::done, &chunk_change::outcome));
  return count;
}

bool cache_engine::has(std::uint64_t hash) const {
  return count_prefix({&hash, 1}) == 1;
}

std::uint64_t cache_engine::drops() const {
  return (cpu_ ? cpu_->drops() : 0) +
         (disk_ ? disk_->state().dropped_chunks : 0);
}

membership_source::scan_step cache_engine::scan(location where,
                                                std::uint64_t cursor,
                                                std::size_t max_entries) const {
  const auto* store = at(where);
  return store == nullptr ? scan_step{} : store->scan(cursor, max_entries);
}

std::vector<location_usage> cache_engine::usage() const {
  std::vector<location_usage> result;
  for (const auto where : {location::cpu, location::disk})
    if (const auto* store = at(where))
      result.push_back(store->usage());
  return result;
}

const chunk_store* cache_engine::at(location where) const {
  switch (where) {
    case location::cpu:
      return cpu_ ? &*cpu_ : nullptr;
    case location::disk:
      return disk_.get();
  }
  return nullptr;
}

chunk_store* cache_engine::at(location where) {
  return const_cast<chunk_store*>(std::as_const(*this).at(where));  // NOLINT
}

std::string cache_engine::check_cpu() { return cpu_ ? cpu_->check() : ""; }

std::string cache_engine::check_disk() { return disk_ ? disk_->check() : ""; }

}  // namespace kvc
