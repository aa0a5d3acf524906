#include "messages/errors.hpp"
#include "messages/instance_ranks.hpp"
#include "net/api/query_fields.hpp"
#include "net/api/route_groups.hpp"
#include "net/api/worker_json.hpp"

#include <optional>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;
using worker_records = std::vector<worker_record>;

/// Which workers the query string of /controller/workers asks for.
struct worker_filter {
  std::optional<std::string> instance;
  std::optional<std::uint32_t> rank;

  bool matches(const worker_id& id) const {
    return (!instance || *instance == id.instance) &&
           (!rank || *rank == id.rank);
  }
};

/// More missing ranks are counted, but not listed: a worker may announce many.
constexpr std::size_t max_missing = 4096;

struct missing_workers {
  json listed = json::array();
  std::size_t count = 0;
};

missing_workers missing_matching(const worker_records& workers,
                                 const worker_filter& filter) {
  missing_workers result;
  for (const auto& instance : by_instance(workers)) {
    const auto& name = instance.front().profile.id.instance;
    if (filter.instance && *filter.instance != name)
      continue;
    for (const auto rank : missing_ranks(instance))
      if (filter.matches({name, rank}) && ++result.count <= max_missing)
        result.listed.push_back({{"instance_id", name}, {"worker_id", rank}});
  }
  return result;
}

http_response no_match(const worker_filter& filter, bool is_missing) {
  if (!filter.rank)
    return error_response(404, "no such instance: " + *filter.instance);
  return error_response(
    404, "no such worker: " + *filter.instance + '/' +
           std::to_string(*filter.rank) +
           (is_missing ? ", announced, but not registered" : ""));
}

http_response list_matching(const worker_records& workers,
                            const std::vector<key_count>& counts,
                            const worker_filter& filter) {
  auto listed = json::array();
  for (const auto& worker : workers)
    if (filter.matches(worker.profile.id))
      listed.push_back(worker_json(worker, counts));
  auto missing = missing_matching(workers, filter);
  if (listed.empty() && filter.instance)
    return no_match(filter, missing.count > 0);
  if (filter.instance && filter.rank)
    return json_response(listed.front());
  const auto count = listed.size();
  return json_response({{"workers", std::move(listed)},
                        {"total_count", count},
                        {"missing", std::move(missing.listed)},
                        {"missing_count", missing.count}});
}

/// Who was refused before a hello has no name.
template <class Value>
json known_of(const refusal& refused, const Value& value) {
  return refused.id.instance.empty() ? json{} : json(value);
}

http_response list_rejected(const std::vector<refusal>& refusals) {
  auto listed = json::array();
  for (const auto& refused : refusals)
    listed.push_back({{"instance_id", known_of(refused, refused.id.instance)},
                      {"worker_id", known_of(refused, refused.id.rank)},
                      {"ip", refused.ip},
                      {"reason", to_string(refused.reason)},
                      {"detail", refused.detail},
                      {"last_time", seconds(refused.last_at_ms)},
                      {"count", refused.count}});
  const auto count = listed.size();
  return json_response(
    {{"rejected", std::move(listed)}, {"total_count", count}});
}

http_response key_stats(const worker_records& workers,
                        const std::vector<key_count>& counts) {
  std::uint64_t total = 0;
  std::uint64_t total_missing = 0;
  auto instances = json::array();
  for (const auto& instance : by_instance(workers)) {
    std::uint64_t keys = 0;
    for (const auto& worker : instance)
      keys += total_keys(worker, counts);
    const auto missing = missing_ranks(instance).size();
    instances.push_back({{"instance_id", instance.front().profile.id.instance},
                         {"key_count", keys},
                         {"worker_count", instance.size()},
                         {"missing_worker_count", missing}});
    total += keys;
    total_missing += missing;
  }
  const auto instance_count = instances.size();
  return json_response({{"total_key_count", total},
                        {"total_instance_count", instance_count},
                        {"total_worker_count", workers.size()},
                        {"total_missing_worker_count", total_missing},
                        {"instances", std::move(instances)}});
}

http_handler workers_handler(const controller_services& services) {
  return [&lookups = services.lookups, registry = services.registry,
          timeout = services.options.answer_timeout](
           const http_request& request, const responder& respond) {
    query_fields query{request};
    const bool wants_rejected = query.bool_or("rejected", false);
    const worker_filter filter{query.optional_string("instance_id"),
                               query.optional_integer("worker_id")};
    if (const auto refusal = query.refusal())
      return respond(*refusal);
    if (wants_rejected)
      return answer_from<std::vector<refusal>>(registry, list_refusals{},
                                               timeout, *request.lane, respond,
                                               list_rejected);
    answer_from<worker_records>(
      registry, list_workers{}, timeout, *request.lane, respond,
      [&lookups, filter](const worker_records& workers) {
        return list_matching(workers, lookups.key_counts(), filter);
      });
  };
}

http_handler key_stats_handler(const controller_services& services) {
  return [&lookups = services.lookups, registry = services.registry,
          timeout = services.options.answer_timeout](
           const http_request& request, const responder& respond) {
    answer_from<worker_records>(
      registry, list_workers{}, timeout, *request.lane, respond,
      [&lookups](const worker_records& workers) {
        return key_stats(workers, lookups.key_counts());
      });
  };
}

schema worker_list_schema() {
  const auto missing = schema::object(
    {{"instance_id", schema::text(), "The instance that announced it."},
     {"worker_id", rank_schema(), "Its rank in the instance."}},
    "MissingWorker");
  return schema::object(
    {{"workers", schema::list(worker_with_keys_schema()),
      "Those asked for; a single one comes without list."},
     {"total_count", schema::integer(), "How many."},
     {"missing", schema::list(missing),
      "Ranks that their instance has announced, but that are not registered: "
      "until then no lookup lists the instance. At most 4,096."},
     {"missing_count", schema::integer(), "How many."}},
    "WorkerList");
}

schema refusal_list_schema() {
  const auto refused = schema::object(
    {{"instance_id", schema::text().or_null(),
      "The instance that it claims; null if its link was refused before it "
      "could say so."},
     {"worker_id", rank_schema().or_null(),
      "The rank that it claims, or null likewise."},
     {"ip", schema::text(), "The address that it gave, or that it came from."},
     {"reason", schema::text(), "Why it was refused: a kvc error."},
     {"detail", schema::text(), "In what."},
     {"last_time", schema::number(), "Seconds since the Unix epoch."},
     {"count", schema::integer(), "How often."}},
    "RefusedWorker");
  return schema::object({{"rejected", schema::list(refused),
                          "Workers that were refused in the last hour."},
                         {"total_count", schema::integer(), "How many."}},
                        "RefusedWorkerList");
}

schema key_stats_schema() {
  const auto instance = schema::object(
    {{"instance_id", schema::text(), "Its name."},
     {"key_count", schema::integer(), "Chunks that its workers hold."},
     {"worker_count", schema::integer(), "Its workers."},
     {"missing_worker_count", schema::integer(),
      "Ranks that it has announced, but that are not registered."}},
    "InstanceKeys");
  return schema::object(
    {{"total_key_count", schema::integer(), "Chunks that all workers hold."},
     {"total_instance_count", schema::integer(), "Instances."},
     {"total_worker_count", schema::integer(), "Workers."},
     {"total_missing_worker_count", schema::integer(),
      "Ranks that are announced, but not registered."},
     {"instances", schema::list(instance), "The same by instance."}});
}

}  // namespace

void add_fleet_routes(router& table, const controller_services& services) {
  table.add(
    {.path = "/controller/workers",
     .summary = "Lists the workers with what they hold, or, with "
                "`rejected=1`, the refused ones with the reason.",
     .query = {optional_field("instance_id", schema::text(),
                              "Only workers of this instance."),
               optional_field("worker_id", rank_schema(),
                              "Only workers of this rank."),
               optional_field("rejected", schema::boolean(),
                              "Whether to list the refused ones instead.")},
     .answer = schema::any_of({worker_list_schema(), worker_with_keys_schema(),
                               refusal_list_schema()}),
     .others = {{404, "There is no such instance or worker."}},
     .handler = workers_handler(services)});
  table.add({.path = "/controller/key-stats",
             .summary = "Counts keys, instances and workers.",
             .answer = key_stats_schema(),
             .handler = key_stats_handler(services)});
}

}  // namespace kvc
