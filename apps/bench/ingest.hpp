#pragma once

#include <caf/expected.hpp>

#include <cstdint>

namespace kvc {

/// Admits `keys` made-up chunks, `keys_per_call` at a time, through the link of
/// one worker in this process, and waits until lookups find the last ones.
/// Returns memberships per second. Fails with timed_out.
caf::expected<double> measure_ingest(std::uint16_t link_port,
                                     std::uint64_t keys,
                                     std::size_t keys_per_call);

}  // namespace kvc
