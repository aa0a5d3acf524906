#pragma once

#include "messages/peer.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace kvc {

/// What a peer_gate remembers between messages.
struct peer_gate_state {
  static inline const char* name = "peer_gate";

  peer_gate_state() = default;

  std::map<worker_id, peer_actor> lenders;
};

/// Serves the peers of a process: passes each request on to the lender of the
/// worker that it names.
peer_actor::behavior_type peer_gate(
  peer_actor::stateful_pointer<peer_gate_state> self,
  const std::map<worker_id, peer_actor>& lenders);

}  // namespace kvc
