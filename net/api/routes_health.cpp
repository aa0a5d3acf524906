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
                           {"memberships", status.memberships},
                           {"missing_ranks", status.missing_ranks}}));
  };
}

schema readiness_schema() {
  return schema::object(
    {{"status", schema::choice({"ready"}), "Always the same."},
     {"shards", schema::integer(), "Shards of the index that are up."},
     {"streams", schema::integer(), "Report streams of registered workers."},
     {"syncing_streams", schema::integer(),
      "Streams whose first full sync has not ended."},
     {"memberships", schema::integer(), "Chunks held by workers."},
     {"missing_ranks", schema::integer(),
      "Ranks that are announced, but not registered: their instances are not "
      "ready, the controller is."}});
}

schema version_schema() {
  return schema::object(
    {{"version", schema::text(), "Of the release."},
     {"revision", schema::text(), "Of the sources; may be empty."},
     {"protocol_version", schema::integer(),
      "Of the link: workers of another one are refused."}});
}

http_handler version_handler(const controller_services& services) {
  return
    [build = services.build](const http_request&, const responder& respond) {
      respond(json_response({{"version", build.number},
                             {"revision", build.revision},
                             {"protocol_version", protocol_version}}));
    };
}

}  // namespace

void add_health_routes(router& table, const controller_services& services) {
  table.add({.path = "/healthz",
             .summary = "Says that the process lives.",
             .answer = schema::object(
               {{"status", schema::choice({"healthy"}), "Always the same."}}),
             .handler = [](const http_request&, const responder& respond) {
               respond(json_response({{"status", "healthy"}}));
             }});
  table.add({.path = "/readyz",
             .summary = "Says whether lookups know the whole fleet.",
             .answer = readiness_schema(),
             .others = {{503, "Not ready: `detail` says why."}},
             .handler = readiness_handler(services)});
  table.add({.path = "/version",
             .summary = "Tells which version of the controller this is.",
             .answer = version_schema(),
             .handler = version_handler(services)});
}

}  // namespace kvc
