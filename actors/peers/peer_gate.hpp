#pragma once

#include "messages/peer.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace kvc {

/// Serves the peers of a process: passes what they ask on to the lender of the
/// worker that is meant.
peer_actor::behavior_type peer_gate(
  peer_actor::pointer self, const std::map<worker_id, peer_actor>& lenders);

}  // namespace kvc
