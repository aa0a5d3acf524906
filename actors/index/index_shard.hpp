#pragma once

#include "actors/index/report_intake.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace kvc {

struct index_shard_options {
  /// The most keys that one report may carry. Positive.
  std::uint32_t max_report_keys = 4096;

  /// While sweeping: places of the table looked at between two messages.
  std::size_t sweep_cells = 4096;
};

/// What a shard remembers between messages.
struct index_shard_state {
  static inline const char* name = "index_shard";

  index_shard_state() = default;

  std::shared_ptr<kv_index> index;  ///< Shared with the lookup_source.
  std::optional<report_intake> intake;
  bool is_sweeping = false;
};

/// An index_shard_actor that also accepts its own signal to sweep on.
using index_shard_impl =
  index_shard_actor::extend<caf::reacts_to<caf::tick_atom>>;

/// The only writer of `index`: applies reports, and sweeps out the memberships
/// of closed epochs.
index_shard_impl::behavior_type index_shard(
  index_shard_impl::stateful_pointer<index_shard_state> self,
  std::shared_ptr<kv_index> index, index_shard_options options);

}  // namespace kvc
