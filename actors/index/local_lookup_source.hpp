#pragma once

#include "actors/fleet/fleet_view.hpp"
#include "actors/index/kv_index.hpp"
#include "messages/lookup.hpp"

#include <memory>
#include <vector>

namespace kvc {

/// Looks things up in the shards of this process, from the thread that asks.
class local_lookup_source : public lookup_source {
 public:
  /// `shards` are in the order of shard_of(); `key_multiplier` is the one that
  /// the registry gives to workers.
  local_lookup_source(std::shared_ptr<const fleet_board> fleet,
                      std::vector<std::shared_ptr<const kv_index>> shards,
                      std::uint64_t key_multiplier);

  prefix_matches find_prefixes(std::span<const std::uint64_t> hashes,
                               std::string_view model) override;
  std::vector<key_count> key_counts() override;
  std::vector<incomplete_instance> incomplete(std::string_view model,
                                              std::size_t limit) override;
  index_status status() override;

 private:
  std::shared_ptr<const fleet_board> fleet_;
  std::vector<std::shared_ptr<const kv_index>> shards_;
  std::uint64_t key_multiplier_;
};

}  // namespace kvc
