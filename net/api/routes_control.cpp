#include "net/api/event_id.hpp"
#include "net/api/event_json.hpp"
#include "net/api/json_body.hpp"
#include "net/api/route_groups.hpp"

namespace kvc {

namespace {

/// One of the routes that begin an event.
struct control_route {
  operation what;
  const char* path;
  const char* event_prefix;
  const char* summary;
};

constexpr std::array<control_route, 6> control_routes{{
  {operation::health, "/health", "health",
   "Asks the workers of `instance_id` how they are."},
  {operation::clear, "/clear", "Clear",
   "Drops the chunks of `location` in `instance_id`, or those of `tokens`."},
  {operation::pin, "/pin", "Pin",
   "Pins the chunks of `tokens`, for `ttl_seconds` if given."},
  {operation::unpin, "/unpin", "Unpin", "Takes back a pin of `tokens`."},
  {operation::compress, "/compress", "Compress",
   "Compresses the chunks of `location`, or those of `tokens`, by `method`."},
  {operation::decompress, "/decompress", "Decompress",
   "Restores the chunks of `location`, or those of `tokens`."},
}};

/// What a request to begin an event says.
struct control_request {
  start_event start;
  std::string location;
};

void read_method(json_body& body, command& what) {
  if (what.what == operation::compress)
    body.string("method");  // Required.
  what.method =
    body.optional_choice("method", compression_methods).value_or("");
}

void read_tokens(json_body& body, const prompt_hasher& hasher, command& what) {
  const auto is_required =
    what.what == operation::pin || what.what == operation::unpin;
  const auto tokens = is_required ? body.tokens() : body.optional_tokens();
  what.is_for_all = !tokens;
  if (tokens)
    what.hashes.keys = hasher.hash_prompt(*tokens);
}

control_request read(json_body& body, const control_route& route,
                     const prompt_hasher& hasher,
                     const controller_route_options& options) {
  control_request result;
  auto& start = result.start;
  start.event_id = make_event_id(route.event_prefix);
  start.what.what = route.what;
  start.instance = body.string("instance_id");
  if (route.what != operation::health) {
    result.location = body.string("location");
    read_tokens(body, hasher, start.what);
  }
  if (route.what == operation::compress || route.what == operation::decompress)
    read_method(body, start.what);
  if (route.what == operation::pin)
    start.what.pin_ttl =
      body.optional_seconds("ttl_seconds", std::chrono::hours{24 * 365})
        .value_or(start.what.pin_ttl);
  start.timeout =
    body.optional_seconds("timeout_seconds", options.max_event_timeout)
      .value_or(start.timeout);
  if (body.bool_or("wait", true))
    start.patience = options.event_wait;
  return result;
}

http_handler control_handler(const controller_services& services,
                             const control_route& route) {
  return
    [services, route](const http_request& request, const responder& respond) {
      json_body body{request};
      auto asked = read(body, route, services.hasher, services.options);
      if (const auto refusal = body.refusal())
        return respond(*refusal);
      if (const auto refusal = too_many_chunks(asked.start.what))
        return respond(*refusal);
      if (route.what != operation::health) {
        const auto where = location_named(asked.location);
        if (!where)
          return respond(
            error_response(404, "unknown_location: " + asked.location));
        asked.start.what.where = *where;
      }
      begin_event(std::move(asked.start), services, *request.lane, respond);
    };
}

std::vector<field> control_fields(operation what) {
  std::vector<field> result{
    {"instance_id", schema::text(), "The instance whose ranks do it."}};
  if (what != operation::health) {
    result.push_back({"location", location_schema(), "Where the chunks lie."});
    const auto needs_tokens =
      what == operation::pin || what == operation::unpin;
    result.push_back(
      needs_tokens
        ? field{"tokens", token_schema(), "The prompt whose chunks are meant."}
        : optional_field("tokens", token_schema().or_null(),
                         "The prompt whose chunks are meant; all if absent."));
  }
  const auto method =
    schema::choice({compression_methods.begin(), compression_methods.end()});
  if (what == operation::compress)
    result.push_back({"method", method, "How."});
  if (what == operation::decompress)
    result.push_back(optional_field(
      "method", method.or_null(), "Must be known, if given; changes nothing."));
  if (what == operation::pin)
    result.push_back(optional_field("ttl_seconds", schema::number().or_null(),
                                    "For how long; until unpinned if absent."));
  for (auto& each : event_fields())
    result.push_back(std::move(each));
  return result;
}

}  // namespace

std::vector<field> event_fields() {
  return {
    optional_field("timeout_seconds", schema::number().or_null(),
                   "When the event ends at the latest; the operation's own "
                   "time if absent."),
    optional_field("wait", schema::boolean().or_null(),
                   "Whether to answer at the event's end; true if absent.")};
}

void begin_event(start_event start, const controller_services& services,
                 lane_actor& lane, const responder& respond) {
  const auto timeout = start.patience + services.options.answer_timeout;
  answer_from<event_status>(services.executor, std::move(start), timeout, lane,
                            respond, response_for_event);
}

std::optional<http_response> too_many_chunks(const command& what) {
  if (what.hashes.keys.size() <= key_block::max_keys)
    return {};
  return unprocessable(nlohmann::json::array(
    {complaint({"body", "tokens"},
               "Input should have at most " +
                 std::to_string(key_block::max_keys) + " chunks",
               "too_long")}));
}

void add_control_routes(router& table, const controller_services& services) {
  for (const auto& route : control_routes)
    table.add({.method = http_method::post,
               .path = route.path,
               .summary = route.summary,
               .body = control_fields(route.what),
               .answer = finished_event_schema(route.what),
               .others = other_event_answers(),
               .handler = control_handler(services, route)});
}

}  // namespace kvc
