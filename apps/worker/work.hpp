#pragma once

#include "apps/worker/flags.hpp"

#include <caf/expected.hpp>

#include <stop_token>

namespace kvc {

/// Does what the flags ask: stores, fills, retrieves, watches, replays. Fails
/// with the first error; returns soon after a stop is requested.
caf::expected<void> work(worker_node& node, const worker_flags& flags,
                         const worker_node_options& options,
                         const std::stop_token& stop);

}  // namespace kvc
