#pragma once

#include <caf/fwd.hpp>

#include <cstddef>

namespace kvc {

/// Sets up `config` for links between processes: loads CAF's network, gives the
/// process a random node id (CAF's own are alike in different containers), and
/// sets the values of docs/caf.md. Call it before the actor system is made.
void configure_link(caf::actor_system_config& config, std::size_t max_threads);

}  // namespace kvc
