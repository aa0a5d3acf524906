#pragma once

#include "messages/lookup.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace kvc {

/// Answers workers' lookups from `source`.
lookup_actor::behavior_type lookup_service(
  lookup_actor::pointer self, const std::shared_ptr<lookup_source>& source);

}  // namespace kvc
