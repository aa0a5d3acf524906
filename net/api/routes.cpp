#include "net/api/routes.hpp"

#include "messages/errors.hpp"
#include "net/api/route_groups.hpp"
#include "net/http/openapi.hpp"

#include <caf/sec.hpp>

#include <limits>
#include <memory>
#include <string>

namespace kvc {

namespace {

unsigned status_for(errc code) {
  switch (code) {  // No default, so that -Wswitch reports a missing case.
    case errc::invalid_request:
      return 422;
    case errc::unknown_worker:
    case errc::unknown_instance:
    case errc::unknown_location:
    case errc::unknown_event:
      return 404;
    case errc::stale_epoch:
    case errc::superseded:
    case errc::version_mismatch:
    case errc::hashing_mismatch:
    case errc::rank_count_mismatch:
    case errc::shapes_differ:
    case errc::p2p_disabled:
      return 409;
    case errc::unauthorized:
    case errc::unreachable:
    case errc::connection_lost:
    case errc::io_failed:
      return 502;
    case errc::timed_out:
    case errc::too_late:
      return 504;
    case errc::not_ready:
    case errc::no_capacity:
    case errc::too_busy:
      return 503;
  }
  return 500;  // A newer peer's code.
}

}  // namespace

http_response response_for(const caf::error& error) {
  unsigned status = 500;
  if (error.category() == caf::atom("kvc"))
    status = status_for(static_cast<errc>(error.code()));
  else if (error == caf::sec::request_timeout)
    status = 504;
  else if (error == caf::sec::request_receiver_down)
    status = 503;
  return status == 503 ? unavailable_response(describe(error))
                       : error_response(status, describe(error));
}

http_response json_response(const nlohmann::ordered_json& body) {
  return {.body = body.dump(-1, ' ', false,
                            nlohmann::ordered_json::error_handler_t::replace)};
}

field event_id_field() {
  return {"event_id", schema::text(), "Names what the request began."};
}

schema rank_schema() {
  return schema::integer(std::numeric_limits<std::uint32_t>::max());
}

schema token_schema() {
  return schema::list(
    schema::integer(std::numeric_limits<std::uint32_t>::max()));
}

schema location_schema() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < location_count; ++i)
    names.push_back(to_string(static_cast<location>(i)));
  return schema::choice(std::move(names));
}

router make_controller_router(const controller_services& services) {
  router table{services.options.allowed_origins};
  add_lookup_routes(table, services);
  add_worker_query_routes(table, services);
  add_fleet_routes(table, services);
  add_health_routes(table, services);
  add_control_routes(table, services);
  add_event_routes(table, services);
  // Completed below: both list these routes too.
  const auto names =
    std::make_shared<std::vector<request_counters::route_name>>();
  add_metrics_route(table, services, names);
  auto description = std::make_shared<std::string>();
  table.add(
    {.path = "/openapi.json",
     .summary = "Describes these routes.",
     .answer = schema::map(schema::any()),
     .handler = [description](const http_request&, const responder& respond) {
       respond({.body = *description});
     }});
  *description = openapi_document(table.routes());
  for (const auto& each : table.routes())
    names->push_back({to_string(each.method), each.path});
  return table;
}

}  // namespace kvc
