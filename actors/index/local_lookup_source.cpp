#include "actors/index/local_lookup_source.hpp"

#include "actors/index/prefix_merge.hpp"
#include "messages/registry.hpp"

#include <algorithm>

namespace kvc {

namespace {

constexpr std::size_t first_batch = 16;  ///< Hashes; most lookups end here.
constexpr std::size_t largest_batch = 512;

/// Memory that a thread's lookups reuse.
struct scratch {
  struct shard_part {
    std::vector<std::uint64_t> hashes;
    found_holders holders;
    std::size_t merged = 0;  ///< The first so many hashes are merged.
  };

  prefix_merge merge;
  std::vector<shard_part> parts;        ///< By shard.
  std::vector<std::uint32_t> shard_of;  ///< By position in the batch.
};

}  // namespace

local_lookup_source::local_lookup_source(
  std::shared_ptr<const fleet_board> fleet,
  std::vector<std::shared_ptr<const kv_index>> shards,
  std::uint64_t key_multiplier)
    : fleet_(std::move(fleet)),
      shards_(std::move(shards)),
      key_multiplier_(key_multiplier) {}

prefix_matches local_lookup_source::find_prefixes(
  std::span<const std::uint64_t> hashes, std::string_view model) {
  thread_local scratch memory;
  const auto fleet = fleet_->snapshot();
  memory.parts.resize(shards_.size());
  memory.merge.begin(fleet, model);
  auto batch_size = first_batch;
  while (!hashes.empty()) {
    const auto batch = hashes.first(std::min(batch_size, hashes.size()));
    hashes = hashes.subspan(batch.size());
    batch_size = std::min(batch_size * 4, largest_batch);
    for (auto& part : memory.parts) {
      part.hashes.clear();
      part.merged = 0;
    }
    memory.shard_of.clear();
    for (const auto hash : batch) {
      const auto shard = shard_of(hash, key_multiplier_, shards_.size());
      memory.shard_of.push_back(shard);
      memory.parts[shard].hashes.push_back(hash);
    }
    if (shards_.size() > 1) {
      for (std::size_t i = 0; i < shards_.size(); ++i)
        shards_[i]->prefetch(memory.parts[i].hashes);
    }
    for (std::size_t i = 0; i < shards_.size(); ++i)
      shards_[i]->find(memory.parts[i].hashes, fleet->live_epochs,
                       memory.parts[i].holders);
    const auto has_survivors = [&](std::uint32_t shard) {
      auto& part = memory.parts[shard];
      return memory.merge.add(part.holders.of(part.merged++));
    };
    if (!std::all_of(memory.shard_of.begin(), memory.shard_of.end(),
                     has_survivors))
      break;
  }
  return memory.merge.finish();
}

std::vector<key_count> local_lookup_source::key_counts() {
  const auto fleet = fleet_->snapshot();
  std::vector<key_count> counts(fleet->live_epochs.size());
  for (const auto& shard : shards_)
    shard->add_key_counts(fleet->live_epochs, counts);
  return counts;
}

std::vector<incomplete_instance> local_lookup_source::incomplete(
  std::string_view model, std::size_t limit) {
  const auto fleet = fleet_->snapshot();
  std::vector<incomplete_instance> result;
  if (fleet->missing_ranks == 0)
    return result;
  for (const auto& x : fleet->instances) {
    if (result.size() == limit)
      break;
    if (x.model == model && x.live_ranks < x.rank_count)
      result.push_back({x.name, x.live_ranks, x.rank_count});
  }
  return result;
}

index_status local_lookup_source::status() {
  const auto fleet = fleet_->snapshot();
  index_status status;
  status.missing_ranks = fleet->missing_ranks;
  for (const auto& shard : shards_)
    shard->add_status(fleet->live_epochs, status);
  return status;
}

}  // namespace kvc
