#include "net/api/event_id.hpp"
#include "net/api/event_json.hpp"
#include "net/api/json_body.hpp"
#include "net/api/route_groups.hpp"

namespace kvc {

namespace {

/// What a request to move chunks says.
struct move_request {
  start_event start;
  std::array<std::string, 2> from;  ///< Instance and location.
  std::array<std::string, 2> to;
};

move_request read(json_body& body, const controller_services& services) {
  move_request result;
  auto& start = result.start;
  start.event_id = make_event_id("Move");
  start.what.what = operation::move;
  result.from = body.string_pair("old_position");
  result.to = body.string_pair("new_position");
  const auto tokens = body.optional_tokens();
  start.what.is_for_all = !tokens;
  if (tokens)
    start.what.hashes.keys = services.hasher.hash_prompt(*tokens);
  start.what.is_copy = body.bool_or("should_copy", body.bool_or("copy", false));
  start.timeout =
    body.optional_seconds("timeout_seconds", services.options.max_event_timeout)
      .value_or(start.timeout);
  if (body.bool_or("wait", true))
    start.patience = services.options.event_wait;
  start.instance = result.from[0];
  start.destination = result.to[0];
  return result;
}

void move(const http_request& request, const controller_services& services,
          const responder& respond) {
  json_body body{request};
  auto asked = read(body, services);
  if (const auto refusal = body.refusal())
    return respond(*refusal);
  if (const auto refusal = too_many_chunks(asked.start.what))
    return respond(*refusal);
  for (const auto* position : {&asked.from, &asked.to})
    if (!location_named((*position)[1]))
      return respond(
        error_response(404, "unknown_location: " + (*position)[1]));
  asked.start.what.where = *location_named(asked.from[1]);
  asked.start.what.to = *location_named(asked.to[1]);
  begin_event(std::move(asked.start), services, *request.lane, respond);
}

std::vector<field> move_fields() {
  const auto position = schema::tuple({schema::text(), location_schema()});
  auto result = std::vector<field>{
    {"old_position", position, "Instance and location that have the chunks."},
    {"new_position", position, "Instance and location that get them."},
    optional_field("tokens", token_schema().or_null(),
                   "The prompt whose chunks are meant; all if absent."),
    optional_field("should_copy", schema::boolean().or_null(),
                   "Leaves them where they are, too; false if absent."),
    optional_field("copy", schema::boolean().or_null(),
                   "The same, if `should_copy` is absent.")};
  for (auto& each : event_fields())
    result.push_back(std::move(each));
  return result;
}

}  // namespace

void add_move_route(router& table, const controller_services& services) {
  table.add({.method = http_method::post,
             .path = "/move",
             .summary = "Moves chunks from `old_position` to `new_position`, "
                        "or copies them if `should_copy`.",
             .body = move_fields(),
             .answer = finished_event_schema(operation::move),
             .others = other_event_answers(),
             .handler = [services](const http_request& request,
                                   const responder& respond) {
               move(request, services, respond);
             }});
}

}  // namespace kvc
