#pragma once

#include "actors/fleet/fleet_view.hpp"
#include "messages/lookup.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace kvc {

/// Answers what workers ask: which instances hold a prefix, and where peers are
/// that do.
lookup_actor::behavior_type lookup_service(
  lookup_actor::pointer self, const std::shared_ptr<lookup_source>& source,
  const std::shared_ptr<const fleet_board>& fleet);

}  // namespace kvc
