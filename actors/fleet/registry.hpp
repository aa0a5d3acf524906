#pragma once

#include "actors/fleet/fleet.hpp"
#include "actors/fleet/refused_hellos.hpp"
#include "messages/registry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace kvc {

struct registry_options {
  fleet_options fleet;

  /// Given to every worker. Odd.
  std::uint64_t key_multiplier = 1;

  /// Unanswered reports a worker may have at each shard. Positive.
  std::uint32_t max_reports = 16;

  /// Keys a report may carry; the shards' own limit. Positive.
  std::uint32_t max_report_keys = 4096;

  /// How long the shards have to open an epoch. Positive.
  std::chrono::milliseconds shard_timeout{2'000};
};

/// What a registry works with.
struct registry_services {
  std::vector<index_shard_actor> shards;  ///< In the order of `shard_of`.
  lookup_actor lookups;                   ///< Handed to workers.
  std::shared_ptr<fleet_board> board;     ///< Where the view is published.
};

/// What a registry remembers between messages.
struct registry_state {
  static inline const char* name = "registry";

  registry_state() = default;

  std::optional<kvc::fleet>
    fleet;  ///< Workers in it are monitored exactly once.
  refused_hellos refusals;
  registry_services services;
};

/// A registry_actor that also accepts its own timer.
using registry_impl = registry_actor::extend<caf::reacts_to<caf::tick_atom>>;

/// Keeps the list of live workers and publishes it to lookups. A worker leaves
/// them as soon as its actor terminates or its lease expires, and is forgotten
/// when it does not come back within the grace time.
registry_impl::behavior_type registry(
  registry_impl::stateful_pointer<registry_state> self,
  registry_services services, registry_options options);

}  // namespace kvc
