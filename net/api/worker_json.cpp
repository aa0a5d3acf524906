#include "net/api/worker_json.hpp"

#include "net/api/route_groups.hpp"

#include <numeric>
#include <utility>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

key_count keys_of(const worker_record& worker,
                  const std::vector<key_count>& counts) {
  // A worker may have registered after the counts were taken.
  return worker.worker_slot < counts.size() ? counts[worker.worker_slot]
                                            : key_count{};
}

std::vector<field> worker_fields() {
  return {
    {"instance_id", schema::text(), "The instance that it belongs to."},
    {"worker_id", rank_schema(), "Its rank in the instance."},
    {"ip", schema::text(), "The address of its host."},
    {"port", schema::integer(65'535), "Where it may be asked."},
    {"peer_init_url", schema::text().or_null(),
     "Where its peers reach it; null if they cannot."},
    {"registration_time", schema::number(), "Seconds since the Unix epoch."},
    {"last_heartbeat_time", schema::number(), "Seconds since the Unix epoch."}};
}

}  // namespace

json worker_json(const worker_record& worker) {
  const auto& profile = worker.profile;
  return {{"instance_id", profile.id.instance},
          {"worker_id", profile.id.rank},
          {"ip", profile.ip},
          {"port", profile.port},
          {"peer_init_url",
           profile.peer_url.empty() ? json{} : json(profile.peer_url)},
          {"registration_time", seconds(worker.registered_at_ms)},
          {"last_heartbeat_time", seconds(worker.renewed_at_ms)}};
}

schema worker_schema() { return schema::object(worker_fields(), "Worker"); }

json worker_json(const worker_record& worker,
                 const std::vector<key_count>& counts) {
  auto result = worker_json(worker);
  result["key_count"] = total_keys(worker, counts);
  const auto keys = keys_of(worker, counts);
  auto& locations = result["locations"];
  for (std::size_t i = 0; i < keys.size(); ++i)
    locations[to_string(static_cast<location>(i))] = {
      {"key_count", keys[i]}, {"used_bytes", 0}, {"capacity_bytes", 0}};
  for (const auto& usage : worker.usage) {
    auto& entry = locations[to_string(usage.where)];
    entry["used_bytes"] = usage.used_bytes;
    entry["capacity_bytes"] = usage.capacity_bytes;
  }
  return result;
}

schema worker_with_keys_schema() {
  auto fields = worker_fields();
  fields.push_back({"key_count", schema::integer(), "Chunks that it holds."});
  fields.push_back(
    {"locations",
     schema::map(schema::object(
       {{"key_count", schema::integer(), "Chunks in this location."},
        {"used_bytes", schema::integer(), "Bytes that they take."},
        {"capacity_bytes", schema::integer(), "Bytes that they may take."}},
       "LocationUsage")),
     "What it holds, by location."});
  return schema::object(std::move(fields), "WorkerWithKeys");
}

std::uint64_t total_keys(const worker_record& worker,
                         const std::vector<key_count>& counts) {
  const auto keys = keys_of(worker, counts);
  return std::accumulate(keys.begin(), keys.end(), std::uint64_t{0});
}

}  // namespace kvc
