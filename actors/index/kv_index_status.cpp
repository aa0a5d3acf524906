#include "actors/index/kv_index.hpp"

#include <shared_mutex>

namespace kvc {

void kv_index::add_key_counts(std::span<const std::uint64_t> live_epochs,
                              std::span<key_count> counts) const {
  const std::shared_lock lock{mutex_};
  std::vector<bool> has_complete(live_epochs.size());
  for (const auto wanted : {phase::complete, phase::filling}) {
    for (const auto& g : generations_) {
      if (g.state != wanted || !is_visible(g, live_epochs) ||
          has_complete[g.worker_slot])
        continue;
      has_complete[g.worker_slot] = wanted == phase::complete;
      for (std::size_t i = 0; i < location_count; ++i)
        counts[g.worker_slot][i] += g.counts[i];
    }
  }
}

void kv_index::add_status(std::span<const std::uint64_t> live_epochs,
                          index_status& status) const {
  const std::shared_lock lock{mutex_};
  std::vector<std::uint8_t> streams(live_epochs.size());
  constexpr std::uint8_t is_open = 1;
  constexpr std::uint8_t is_syncing = 2;
  for (const auto& g : generations_) {
    status.memberships += g.total();
    if (!is_visible(g, live_epochs))
      continue;
    streams[g.worker_slot] |= is_open;
    if (g.state == phase::filling)
      streams[g.worker_slot] |= is_syncing;
  }
  for (const auto flags : streams) {
    status.streams += (flags & is_open) != 0 ? 1 : 0;
    status.syncing_streams += (flags & is_syncing) != 0 ? 1 : 0;
  }
  status.shards += 1;
  status.bytes += budget_.used();
  status.refused_admissions += refused_;
}

}  // namespace kvc
