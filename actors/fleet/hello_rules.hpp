#pragma once

#include "messages/registry.hpp"

#include <caf/error.hpp>

#include <vector>

namespace kvc {

/// Returns why a hello cannot be accepted, whoever else is registered:
/// version_mismatch, hashing_mismatch or invalid_request, with what differs.
/// Returns caf::none if it can.
caf::error check_hello(const register_worker& hello,
                       const hash_settings& hashing, std::uint64_t canary);

/// Returns whether `usage` lists locations that exist, and not too many.
bool is_valid(const std::vector<location_usage>& usage);

}  // namespace kvc
