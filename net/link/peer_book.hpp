#pragma once

#include "messages/errors.hpp"
#include "messages/peer.hpp"
#include "net/link/basp.hpp"
#include "net/link/connector.hpp"
#include "net/link/handshake.hpp"

#include <caf/actor_addr.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <optional>

namespace kvc {

/// A process that we are linked with.
struct known_peer {
  peer_actor actor;  ///< Null if there is no such peer.
  std::shared_ptr<adopted_socket> link;
};

/// Returns whether `source` is this very proxy. (CAF's == would take the proxy
/// of an earlier link with the same process for this one.)
template <class Handle>
bool is_same(const Handle& actor, const caf::actor_addr& source) {
  return actor && caf::actor_cast<caf::actor_control_block*>(actor) ==
                    caf::actor_cast<caf::actor_control_block*>(source);
}

/// Returns whether `target` can be dialled.
bool is_target(const host_and_port& target);

/// Returns the error of a dial whose introduction failed with `why`.
errc introduction_error(const caf::error& why);

/// Returns why the process `peer`, which introduces itself with `card`, cannot
/// be one of our peers; none if it can.
caf::error check_introduction(const process_id& peer,
                              const introduce_peer& card);

/// The processes that we are linked with, and the targets that led to them. Our
/// own process is among them, without a link.
class peer_book {
 public:
  peer_book() = default;

  /// `self` is our own process, whose peers are served by `own`.
  peer_book(const process_id& self, peer_actor own, std::size_t max_peers);

  /// Returns the actor that serves us there, or null.
  peer_actor find(const process_id& peer) const;
  peer_actor find(const host_and_port& target) const;

  bool is_full() const { return peers_.size() >= max_peers_; }

  /// Adds or replaces `peer`, and returns what was known before.
  known_peer add(const process_id& peer, known_peer known);

  /// Remembers that `target` leads to `peer`, as long as there is room.
  void note(const host_and_port& target, const process_id& peer);

  /// Forgets the peer whose actor is `gone`, and returns it; nothing if there
  /// is none.
  std::optional<known_peer> remove(const caf::actor_addr& gone);

 private:
  process_id self_{};
  peer_actor own_;
  std::size_t max_peers_ = 0;
  std::map<process_id, known_peer> peers_;
  std::map<host_and_port, process_id> targets_;
};

}  // namespace kvc
