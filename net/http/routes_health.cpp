#include "net/http/event_id.hpp"
#include "net/http/json_body.hpp"
#include "net/http/route_groups.hpp"

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

http_handler health_handler(const controller_services& services) {
  return
    [executor = services.executor, timeout = services.options.answer_timeout](
      const http_request& request, const responder& respond) {
      json_body body{request.body};
      check_health question{body.string("instance_id")};
      if (const auto refusal = body.refusal())
        return respond(*refusal);
      answer_from<health_report>(
        executor, std::move(question), timeout, *request.lane, respond,
        [](const health_report& report) {
          auto codes = json::object();
          for (const auto& each : report.ranks)
            codes[std::to_string(each.rank)] = each.code;
          return json_response({{"event_id", make_event_id("health")},
                                {"error_codes", std::move(codes)}});
        });
    };
}

http_handler readiness_handler(const controller_services& services) {
  return [&lookups = services.lookups,
          share = services.options.ready_sync_share](const http_request&,
                                                     const responder& respond) {
    const auto status = lookups.status();
    if (status.shards == 0)
      return respond(unavailable_response("no shard is up"));
    if (status.syncing_streams > share * status.streams)
      return respond(unavailable_response(
        std::to_string(status.syncing_streams) + " of " +
        std::to_string(status.streams) + " report streams are still syncing"));
    respond(json_response({{"status", "ready"},
                           {"shards", status.shards},
                           {"streams", status.streams},
                           {"syncing_streams", status.syncing_streams},
                           {"memberships", status.memberships}}));
  };
}

}  // namespace

void add_health_routes(router& table, const controller_services& services) {
  table.add({.method = http_method::post,
             .path = "/health",
             .summary = "Asks the workers of `instance_id` how they are.",
             .handler = health_handler(services)});
  table.add({.path = "/healthz",
             .summary = "Says that the process lives.",
             .handler = [](const http_request&, const responder& respond) {
               respond(json_response({{"status", "healthy"}}));
             }});
  table.add({.path = "/readyz",
             .summary = "Says whether lookups know the whole fleet.",
             .handler = readiness_handler(services)});
}

}  // namespace kvc
