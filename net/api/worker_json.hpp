#pragma once

#include "messages/lookup.hpp"
#include "messages/registry.hpp"
#include "net/http/schema.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace kvc {

/// Describes a worker as /query_worker_info does.
nlohmann::ordered_json worker_json(const worker_record& worker);

/// Returns the shape of worker_json(worker).
schema worker_schema();

/// Describes a worker with what it holds. `counts` are the index's, by
/// worker_slot.
nlohmann::ordered_json worker_json(const worker_record& worker,
                                   const std::vector<key_count>& counts);

/// Returns the shape of worker_json(worker, counts).
schema worker_with_keys_schema();

/// Returns the number of chunks the index knows of this worker.
std::uint64_t total_keys(const worker_record& worker,
                         const std::vector<key_count>& counts);

/// Converts to seconds, in which LMCache's clients expect points in time.
inline double seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1e3;
}

}  // namespace kvc
