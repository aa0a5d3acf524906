#pragma once

#include "messages/hash_settings.hpp"

#include <caf/expected.hpp>

#include <string>

namespace kvc {

/// Turns the hashing keys of a configuration into settings. Fails with
/// invalid_request, naming the key.
caf::expected<hash_settings> make_hash_settings(const std::string& algorithm,
                                                std::uint32_t chunk_size,
                                                const std::string& none_hash);

}  // namespace kvc
