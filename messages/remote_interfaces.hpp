#pragma once

#include "messages/registry.hpp"

#include <caf/detail/type_list.hpp>

namespace kvc {

/// All interfaces that actors of other processes use. What they take and answer
/// is what may come over a link; everything else ends it.
using remote_interfaces =
  caf::detail::type_list<registrar_actor, report_sink_actor, lookup_actor,
                         worker_actor, progress_sink_actor, peer_actor,
                         peer_door_actor>;

}  // namespace kvc
