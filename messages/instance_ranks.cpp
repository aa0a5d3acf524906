#include "messages/instance_ranks.hpp"

#include <algorithm>

namespace kvc {

std::vector<std::span<const worker_record>> by_instance(
  std::span<const worker_record> workers) {
  std::vector<std::span<const worker_record>> result;
  while (!workers.empty()) {
    const auto& name = workers.front().profile.id.instance;
    const auto end = std::find_if(
      workers.begin(), workers.end(),
      [&](const auto& x) { return x.profile.id.instance != name; });
    const auto count = static_cast<std::size_t>(end - workers.begin());
    result.push_back(workers.first(count));
    workers = workers.subspan(count);
  }
  return result;
}

std::uint32_t announced_ranks(std::span<const worker_record> instance) {
  std::uint32_t by_live = 0;
  std::uint32_t by_lost = 0;
  for (const auto& worker : instance) {
    auto& count = worker.is_lost ? by_lost : by_live;
    count = std::max(count, worker.profile.rank_count);
  }
  return by_live > 0 ? by_live : by_lost;
}

std::vector<std::uint32_t> missing_ranks(
  std::span<const worker_record> instance) {
  std::vector<std::uint32_t> result;
  const auto count = announced_ranks(instance);
  auto worker = instance.begin();
  for (std::uint32_t rank = 0; rank < count; ++rank) {
    if (worker != instance.end() && worker->profile.id.rank == rank)
      ++worker;
    else
      result.push_back(rank);
  }
  return result;
}

}  // namespace kvc
