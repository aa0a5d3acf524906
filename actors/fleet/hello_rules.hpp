#pragma once

#include "messages/registry.hpp"

#include <caf/error.hpp>

#include <vector>

namespace kvc {

/// Returns why a hello cannot be accepted, whoever else is registered, or
/// caf::none: version_mismatch, hashing_mismatch or invalid_request, with what
/// differs.
caf::error check_hello(const register_worker& hello,
                       const hash_settings& hashing, std::uint64_t canary);

/// Returns whether it lists locations that exist, no more than there are.
bool is_valid(const std::vector<location_usage>& usage);

}  // namespace kvc
