#pragma once

#include "messages/lookup.hpp"
#include "messages/registry.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace kvc {

/// Describes a worker as /query_worker_info does.
nlohmann::ordered_json worker_json(const worker_record& worker);

/// As worker_json, with what the worker holds. `counts` are the index's, by
/// worker_slot.
nlohmann::ordered_json worker_json(const worker_record& worker,
                                   const std::vector<key_count>& counts);

/// Returns the number of chunks the index knows of this worker.
std::uint64_t total_keys(const worker_record& worker,
                         const std::vector<key_count>& counts);

/// Returns the seconds since the epoch, as LMCache's clients expect them.
inline double seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1e3;
}

}  // namespace kvc
