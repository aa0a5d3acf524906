#include "net/api/route_groups.hpp"

namespace kvc {

namespace {

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
