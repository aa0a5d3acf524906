#include "actors/peers/fetch_plan.hpp"

#include <algorithm>
#include <tuple>

namespace kvc {

namespace {

constexpr std::size_t max_peers = 4;
constexpr std::size_t min_share = 8;  ///< Less is not worth another peer.

void add_share(std::vector<fetch_share>& shares, const peer_address& peer,
               std::size_t begin, std::size_t end) {
  if (begin == end)
    return;
  if (!shares.empty() && shares.back().peer.id == peer.id &&
      shares.back().end == begin)
    shares.back().end = end;
  else
    shares.push_back({peer, begin, end});
}

/// Divides a range that the first `holders` all have, evenly and in order.
void divide(std::vector<fetch_share>& shares,
            std::span<const chunk_holder> holders, std::size_t begin,
            std::size_t end) {
  const auto parts =
    std::clamp<std::size_t>((end - begin) / min_share, 1, holders.size());
  for (std::size_t i = 0; i < parts; ++i)
    add_share(shares, holders[i].peer, begin + (end - begin) * i / parts,
              begin + (end - begin) * (i + 1) / parts);
}

}  // namespace

std::vector<fetch_share> plan_fetch(
  std::vector<chunk_holder> holders, std::size_t count,
  const std::function<std::size_t(const worker_id&)>& load,
  const std::string& own_host) {
  for (auto& x : holders)
    x.chunks =
      static_cast<std::uint32_t>(std::min<std::size_t>(x.chunks, count));
  const auto rank = [&](const chunk_holder& x) {
    return std::tuple{count - x.chunks, load(x.peer.id),
                      x.peer.host != own_host, x.peer.id};
  };
  std::sort(holders.begin(), holders.end(),
            [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  holders.resize(std::min(holders.size(), max_peers));
  std::vector<fetch_share> shares;
  // From the part that all of them have to the part that only the first has.
  std::size_t begin = 0;
  for (auto sharing = holders.size(); sharing > 0; --sharing) {
    const std::size_t end = holders[sharing - 1].chunks;
    if (end > begin)
      divide(shares, std::span{holders}.first(sharing), begin, end);
    begin = std::max(begin, end);
  }
  return shares;
}

}  // namespace kvc
