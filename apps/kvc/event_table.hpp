#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace kvc {

// Both take events as /check_finish describes them, may throw nlohmann's
// exceptions, and return printable text.

/// Returns a line about the event, and a table of its ranks.
std::string render_event(const nlohmann::ordered_json& event);

/// Returns a table with a line per event.
std::string render_events(const nlohmann::ordered_json& events);

}  // namespace kvc
