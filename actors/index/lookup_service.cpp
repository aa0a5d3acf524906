#include "actors/index/lookup_service.hpp"

#include "messages/unexpected.hpp"

#include <algorithm>

namespace kvc {

namespace {

/// Enough for the asker to choose from.
constexpr std::size_t max_holders = 8;

/// Returns the address of the worker `rank` of an instance; null if it is not
/// alive or lends nothing.
std::shared_ptr<const peer_address> find_peer(const fleet_view& fleet,
                                              std::string_view instance,
                                              std::uint32_t rank) {
  const auto found = std::lower_bound(
    fleet.instances.begin(), fleet.instances.end(), instance,
    [](const auto& x, std::string_view name) { return x.name < name; });
  if (found == fleet.instances.end() || found->name != instance ||
      rank >= found->peers.size())
    return nullptr;
  return found->peers[rank];
}

std::vector<chunk_holder> locate(const prefix_matches& matches,
                                 const fleet_view& fleet,
                                 const worker_id& asker) {
  std::vector<chunk_holder> result;
  for (const auto& match : matches.views) {
    if (result.size() == max_holders)
      break;
    if (match.instance == asker.instance)
      continue;
    if (const auto peer = find_peer(fleet, match.instance, asker.rank))
      result.push_back({*peer, match.chunks});
  }
  return result;
}

}  // namespace

lookup_actor::behavior_type lookup_service(
  lookup_actor::pointer self, const std::shared_ptr<lookup_source>& source,
  const std::shared_ptr<const fleet_board>& fleet) {
  refuse_unexpected(self);
  return {
    [=](const find_prefixes& msg) {
      return source->find_prefixes(msg.hashes.keys, msg.model).copy();
    },
    [=](const locate_chunks& msg) {
      return locate(source->find_prefixes(msg.hashes.keys, msg.model),
                    *fleet->snapshot(), msg.asker);
    },
  };
}

}  // namespace kvc
