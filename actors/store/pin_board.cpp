#include "actors/store/pin_board.hpp"

namespace kvc {

bool pin_board::pin(std::uint64_t hash, std::optional<time_point> until) {
  const auto [it, is_first] = pins_.try_emplace(hash);
  auto& pins = it->second;
  if (is_first)
    pins.number = next_number_--;
  unlist(*it);
  if (until)
    pins.ends.insert(*until);
  else
    ++pins.endless;
  list(*it);
  return is_first;
}

std::optional<bool> pin_board::unpin(std::uint64_t hash) {
  const auto it = pins_.find(hash);
  if (it == pins_.end())
    return std::nullopt;
  auto& pins = it->second;
  unlist(*it);
  if (pins.ends.empty())
    --pins.endless;
  else
    pins.ends.erase(pins.ends.begin());
  list(*it);
  if (pins.endless > 0 || !pins.ends.empty())
    return false;
  pins_.erase(it);
  return true;
}

void pin_board::forget(std::uint64_t hash) {
  const auto it = pins_.find(hash);
  if (it == pins_.end())
    return;
  unlist(*it);
  pins_.erase(it);
}

std::vector<std::uint64_t> pin_board::expire(time_point now) {
  std::vector<std::uint64_t> result;
  while (!first_ends_.empty() && first_ends_.begin()->at <= now) {
    const auto hash = first_ends_.begin()->hash;
    if (*unpin(hash))
      result.push_back(hash);
  }
  return result;
}

void pin_board::list(const pin_map::value_type& x) {
  const auto& [hash, pins] = x;
  if (!pins.ends.empty())
    first_ends_.insert({*pins.ends.begin(), pins.number, hash});
}

void pin_board::unlist(const pin_map::value_type& x) {
  const auto& [hash, pins] = x;
  if (!pins.ends.empty())
    first_ends_.erase({*pins.ends.begin(), pins.number, hash});
}

}  // namespace kvc
