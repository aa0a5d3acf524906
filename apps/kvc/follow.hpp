#pragma once

#include "apps/kvc/console.hpp"

#include <chrono>

namespace kvc {

/// Judges an event: ok if it has finished or still runs, else failed.
verdict judge_event(const nlohmann::ordered_json& event);

/// Waits until an event has ended, or `patience` is over if there is one, and
/// shows how far it is meanwhile and what became of it. SIGINT ends the process
/// and leaves the event.
exit_code follow(console& terminal, const std::string& event_id,
                 std::optional<std::chrono::milliseconds> patience = {});

}  // namespace kvc
