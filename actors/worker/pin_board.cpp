#include "actors/worker/pin_board.hpp"

namespace kvc {

bool pin_board::pin(std::uint64_t hash, std::optional<time_point> until) {
  const auto [it, is_first] = pins_.try_emplace(hash);
  auto& pins = it->second;
  if (!until) {
    ++pins.endless;
    return is_first;
  }
  if (pins.ends.empty() || *until < *pins.ends.begin()) {
    if (!pins.ends.empty())
      first_ends_.erase({*pins.ends.begin(), hash});
    first_ends_.emplace(*until, hash);
  }
  pins.ends.insert(*until);
  return is_first;
}

std::optional<bool> pin_board::unpin(std::uint64_t hash) {
  const auto it = pins_.find(hash);
  if (it == pins_.end())
    return std::nullopt;
  auto& pins = it->second;
  if (pins.ends.empty()) {
    --pins.endless;
  } else {
    first_ends_.erase({*pins.ends.begin(), hash});
    pins.ends.erase(pins.ends.begin());
    if (!pins.ends.empty())
      first_ends_.emplace(*pins.ends.begin(), hash);
  }
  if (!pins.is_empty())
    return false;
  pins_.erase(it);
  return true;
}

std::vector<std::uint64_t> pin_board::expire(time_point now) {
  std::vector<std::uint64_t> result;
  while (!first_ends_.empty() && first_ends_.begin()->first <= now) {
    const auto hash = first_ends_.begin()->second;
    if (*unpin(hash))
      result.push_back(hash);
  }
  return result;
}

}  // namespace kvc
