#pragma once

#include "messages/worker.hpp"

namespace kvc {

/// Returns the command by which a rank drops chunks that are elsewhere now. It
/// has no event_id, timeout and terms yet.
run_command order_to_drop(const worker_id& id, location where,
                          const key_block& hashes);

/// Returns what that command did, as it is told to a peer.
surrender_report report_of(const command_tally& tally);

}  // namespace kvc
