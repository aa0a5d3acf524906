#pragma once

#include "actors/fleet/fleet.hpp"
#include "actors/fleet/refused_hellos.hpp"
#include "messages/boot_clock.hpp"
#include "messages/registry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace kvc {

struct registry_options {
  fleet_options fleet;

  /// Given to every worker. Odd.
  std::uint64_t key_multiplier = 1;

  /// How many reports a worker may send to each shard ahead of the answers.
  /// Positive.
  std::uint32_t max_reports = 16;

  /// The most keys that one report may carry, which is the shards' own limit.
  /// Positive.
  std::uint32_t max_report_keys = 4096;

  /// How long the shards have to open an epoch. Positive.
  std::chrono::milliseconds shard_timeout{2'000};
};

/// What a registry works with: the shards, and whom it tells about its workers.
struct registry_services {
  std::vector<index_shard_actor> shards;  ///< In the order of `shard_of`.
  lookup_actor lookups;                   ///< Given to every worker.
  std::shared_ptr<fleet_board> board;     ///< Gets the view after each change.

  /// This host's clock, by which workers tell what is late.
  std::function<std::chrono::microseconds()> boot_clock = boot_clock_now;
};

/// What a registry remembers between messages.
struct registry_state {
  static inline const char* name = "registry";

  registry_state() = default;

  std::optional<kvc::fleet>
    fleet;  ///< Workers in it are monitored exactly once.
  refused_hellos refusals;
  refused_hellos refused_links;  ///< Apart: anybody can fill it.
  registry_services services;
};

/// A registry_actor that also accepts its own timer.
using registry_impl = registry_actor::extend<caf::reacts_to<caf::tick_atom>>;

/// Keeps the list of live workers and publishes it to lookups. A worker is
/// lost, and vanishes from lookups, when its actor terminates or its lease
/// expires. It is forgotten unless it comes back within the grace time.
registry_impl::behavior_type registry(
  registry_impl::stateful_pointer<registry_state> self,
  registry_services services, registry_options options);

}  // namespace kvc
