#include "net/link/peer_book.hpp"

#include "messages/registry.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace kvc {

namespace {

constexpr std::size_t max_targets = 4096;

}  // namespace

bool is_target(const host_and_port& target) {
  return target.host.is_valid() && target.port != 0;
}

errc introduction_error(const caf::error& why) {
  if (why == caf::sec::request_timeout)
    return errc::timed_out;
  if (why == errc::version_mismatch)
    return errc::version_mismatch;
  return errc::unreachable;
}

caf::error check_introduction(const process_id& peer,
                              const introduce_peer& card) {
  if (card.version != protocol_version)
    return caf::make_error(errc::version_mismatch,
                           "a peer of version " + std::to_string(card.version) +
                             ", ours is " + std::to_string(protocol_version));
  if (!card.actor || process_of(card.actor.node()) != peer)
    return caf::make_error(errc::unreachable, "the peer shows another's actor");
  return caf::none;
}

peer_book::peer_book(const process_id& self, peer_actor own,
                     std::size_t max_peers)
    : self_(self), own_(std::move(own)), max_peers_(max_peers) {}

peer_actor peer_book::find(const process_id& peer) const {
  if (peer == self_)
    return own_;
  const auto found = peers_.find(peer);
  return found == peers_.end() ? peer_actor{} : found->second.actor;
}

peer_actor peer_book::find(const host_and_port& target) const {
  const auto found = targets_.find(target);
  return found == targets_.end() ? peer_actor{} : find(found->second);
}

known_peer peer_book::add(const process_id& peer, known_peer known) {
  return std::exchange(peers_[peer], std::move(known));
}

void peer_book::note(const host_and_port& target, const process_id& peer) {
  if (targets_.size() < max_targets)
    targets_.insert_or_assign(target, peer);
}

std::optional<known_peer> peer_book::remove(const caf::actor_addr& gone) {
  const auto lost = std::find_if(
    peers_.begin(), peers_.end(),
    [&](const auto& item) { return is_same(item.second.actor, gone); });
  if (lost == peers_.end())
    return {};
  std::erase_if(targets_,
                [&](const auto& item) { return item.second == lost->first; });
  return std::move(peers_.extract(lost).mapped());
}

}  // namespace kvc
