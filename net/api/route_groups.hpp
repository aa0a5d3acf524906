#pragma once

#include "messages/repeated_log.hpp"
#include "net/api/routes.hpp"
#include "net/http/lane_actor.hpp"

#include <caf/error.hpp>
#include <caf/type_id.hpp>
#include <nlohmann/json.hpp>

#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace kvc {

// Each adds some routes of make_controller_router to the table.
void add_lookup_routes(router& table, const controller_services& services);
void add_worker_query_routes(router& table,
                             const controller_services& services);
void add_fleet_routes(router& table, const controller_services& services);
void add_health_routes(router& table, const controller_services& services);
void add_control_routes(router& table, const controller_services& services);
void add_event_routes(router& table, const controller_services& services);

/// Adds /metrics. `names` must be those of all routes before the first request.
void add_metrics_route(
  router& table, const controller_services& services,
  const std::shared_ptr<const std::vector<request_counters::route_name>>&
    names);

// Shapes that several routes share.
field event_id_field();
schema rank_schema();
schema token_schema();
schema location_schema();

/// Returns the answer to a request that failed with `error`.
http_response response_for(const caf::error& error);

/// Returns the answer 200 with this body.
http_response json_response(const nlohmann::ordered_json& body);

/// Runs `work` on the answer to a Request. What it throws would end the lane's
/// actor; it is logged instead, and a request without an answer gets 500.
/// Returns whether nothing was thrown.
template <class Request, class Function>
bool contain(Function work) {
  try {
    work();
    return true;
  } catch (const std::exception& error) {
    warn_repeated(
      std::string{"http: failed question="} + caf::type_name<Request>::value,
      std::string{"reason="} + error.what());
    return false;
  }
}

/// Asks an actor. Answers with `make_response(reply)`, or with its error.
template <class Reply, class Handle, class Request, class Function>
void answer_from(const Handle& target, Request question,
                 std::chrono::milliseconds timeout, lane_actor& lane,
                 const responder& respond, Function make_response) {
  lane.request(target, timeout, std::move(question))
    .then(
      [respond, make_response](Reply& reply) {
        contain<Request>([&] { respond(make_response(reply)); });
      },
      [respond](const caf::error& error) { respond(response_for(error)); });
}

}  // namespace kvc
