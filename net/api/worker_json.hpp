#pragma once

#include "messages/lookup.hpp"
#include "messages/registry.hpp"
#include "net/http/schema.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace kvc {

/// Describes a worker as /query_worker_info does.
nlohmann::ordered_json worker_json(const worker_record& worker);

/// Returns the shape of that.
schema worker_schema();

/// As worker_json, with what the worker holds. `counts` are the index's, by
/// worker_slot.
nlohmann::ordered_json worker_json(const worker_record& worker,
                                   const std::vector<key_count>& counts);

/// Returns the shape of that.
schema worker_with_keys_schema();

/// Returns the number of chunks the index knows of this worker.
std::uint64_t total_keys(const worker_record& worker,
                         const std::vector<key_count>& counts);

/// Returns the seconds since the epoch, as LMCache's clients expect them.
inline double seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1e3;
}

}  // namespace kvc
