#pragma once

#include <string>
#include <string_view>

namespace kvc {

/// Returns `prefix` followed by a new random (version 4) UUID. Thread-safe.
std::string make_event_id(std::string_view prefix);

}  // namespace kvc
