#include "actors/store/arrivals.hpp"

namespace kvc {

namespace {

using hash_set = std::unordered_set<std::uint64_t>;

/// Drops what is not in `others`.
void keep_only(hash_set& hashes, std::span<const std::uint64_t> others) {
  const hash_set kept{others.begin(), others.end()};
  std::erase_if(hashes, [&](auto hash) { return !kept.contains(hash); });
}

}  // namespace

arrivals::arrivals(chunk_store& store,
                   std::optional<std::span<const std::uint64_t>> wanted)
    : store_(&store) {
  const auto coming = store.arriving();
  due_.insert(coming.begin(), coming.end());
  if (wanted && !due_.empty())
    keep_only(due_, *wanted);
}

void arrivals::bring_one() {
  if (store_->bring_next())
    keep_only(due_, store_->arriving());
  else
    due_.clear();
}

}  // namespace kvc
