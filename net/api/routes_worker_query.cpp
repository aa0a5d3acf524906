#include "config/host_address.hpp"
#include "net/api/event_id.hpp"
#include "net/api/json_body.hpp"
#include "net/api/route_groups.hpp"
#include "net/api/worker_json.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;
using worker_records = std::vector<worker_record>;

http_response worker_infos(
  const worker_records& workers, const std::string& instance,
  const std::optional<std::set<std::uint32_t>>& ranks) {
  auto infos = json::array();
  for (const auto& worker : workers) {
    const auto& id = worker.profile.id;
    if ((instance == "all" || instance == id.instance) &&
        (!ranks || ranks->count(id.rank) > 0))
      infos.push_back(worker_json(worker));
  }
  return json_response({{"event_id", make_event_id("QueryWorkerInfo")},
                        {"worker_infos", std::move(infos)}});
}

http_response instances_at(const worker_records& workers,
                           const host_address& ip) {
  std::set<std::string> instances;
  for (const auto& worker : workers)
    if (ip == worker.profile.ip)
      instances.insert(worker.profile.id.instance);
  if (instances.empty())
    return error_response(404, "no instance at this ip: " + ip.text());
  return json_response({{"event_id", make_event_id("QueryInst")},
                        {"res", *instances.begin()},
                        {"instances", instances}});
}

http_handler query_worker_info(const controller_services& services) {
  return
    [registry = services.registry, timeout = services.options.answer_timeout](
      const http_request& request, const responder& respond) {
      json_body body{request};
      const auto instance = body.string("instance_id");
      std::optional<std::set<std::uint32_t>> ranks;
      const auto listed = body.optional_integers("worker_ids");
      if (listed && !listed->empty())  // LMCache takes [] for all, too.
        ranks.emplace(listed->begin(), listed->end());
      if (const auto refusal = body.refusal())
        return respond(*refusal);
      answer_from<worker_records>(
        registry, list_workers{}, timeout, *request.lane, respond,
        [=](const worker_records& workers) {
          return worker_infos(workers, instance, ranks);
        });
    };
}

http_handler query_instance(const controller_services& services) {
  return [registry = services.registry,
          timeout = services.options.answer_timeout](
           const http_request& request, const responder& respond) {
    json_body body{request};
    const auto ip = body.string("ip");
    if (const auto refusal = body.refusal())
      return respond(*refusal);
    answer_from<worker_records>(
      registry, list_workers{}, timeout, *request.lane, respond,
      [=](const worker_records& workers) { return instances_at(workers, ip); });
  };
}

}  // namespace

void add_worker_query_routes(router& table,
                             const controller_services& services) {
  table.add({.method = http_method::post,
             .path = "/query_worker_info",
             .summary = "Describes workers of `instance_id` (\"all\" for every "
                        "one), of the ranks `worker_ids` if given.",
             .body = {{"instance_id", schema::text(), "One, or \"all\"."},
                      optional_field("worker_ids",
                                     schema::list(rank_schema()).or_null(),
                                     "Ranks; all if absent or empty.")},
             .answer = schema::object(
               {event_id_field(),
                {"worker_infos", schema::list(worker_schema()),
                 "The workers asked for, as far as they are registered."}}),
             .handler = query_worker_info(services)});
  table.add({.method = http_method::post,
             .path = "/query_instance",
             .summary = "Names the instances that run at `ip`.",
             .body = {{"ip", schema::text(),
                       "An address, in any of its forms, or a name."}},
             .answer = schema::object(
               {event_id_field(),
                {"res", schema::text(), "The first one by name."},
                {"instances", schema::list(schema::text()), "All of them."}}),
             .others = {{404, "No instance runs there."}},
             .handler = query_instance(services)});
}

}  // namespace kvc
