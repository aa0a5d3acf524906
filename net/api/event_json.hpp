#pragma once

#include "messages/executor.hpp"
#include "net/http/route.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace kvc {

/// Returns what /check_finish and /events say of an event.
nlohmann::ordered_json event_json(const event_status& event);

/// Returns the shape of that.
schema event_schema();

/// Answers the request that began an event: 200 if it has finished, 202 while
/// it runs, 409 if it was cancelled. If it has failed, 504 if all ranks were
/// silent, else 502, with each rank's own words.
http_response response_for_event(const event_status& event);

/// Returns the shape of the answer 200.
schema finished_event_schema(operation verb);

/// Returns the other answers.
std::vector<described_answer> other_event_answers();

}  // namespace kvc
