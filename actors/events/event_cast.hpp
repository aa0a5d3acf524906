#pragma once

#include "messages/executor.hpp"
#include "messages/registry.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <map>
#include <vector>

namespace kvc {

/// Who takes part in an event.
struct event_cast {
  std::vector<worker_record> workers;  ///< Who does the work.

  /// Who has the chunks, by rank, if they are to come from another instance.
  std::map<std::uint32_t, peer_address> sources;
};

/// Chooses from the `fleet` who takes part in what `msg` asks. Fails with
/// unknown_instance, unknown_location, invalid_request (a move to where the
/// chunks are), shapes_differ or p2p_disabled.
caf::expected<event_cast> choose_cast(const std::vector<worker_record>& fleet,
                                      const start_event& msg);

}  // namespace kvc
