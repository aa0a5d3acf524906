#include "net/api/event_id.hpp"
#include "net/api/event_json.hpp"
#include "net/api/json_body.hpp"
#include "net/api/route_groups.hpp"

#include <algorithm>
#include <iterator>

namespace kvc {

namespace {

/// What a request to begin an event says.
struct control_request {
  start_event start;
  std::vector<std::string> locations;  ///< Where, and for a move where to.
};

control_request read_subject(json_body& body, subject about) {
  control_request result;
  auto& start = result.start;
  switch (about) {  // No default, so that -Wswitch reports a missing case.
    case subject::ranks:
      start.instance = body.string("instance_id");
      break;
    case subject::chunks:
      start.instance = body.string("instance_id");
      result.locations = {body.string("location")};
      break;
    case subject::positions: {
      const auto from = body.string_pair("old_position");
      const auto to = body.string_pair("new_position");
      start.instance = from[0];
      start.destination = to[0];
      result.locations = {from[1], to[1]};
      start.what.is_copy =
        body.bool_or("should_copy", body.bool_or("copy", false));
      break;
    }
  }
  return result;
}

void read_tokens(json_body& body, presence wanted, const prompt_hasher& hasher,
                 command& what) {
  if (wanted == presence::never)
    return;
  const auto tokens =
    wanted == presence::required ? body.tokens() : body.optional_tokens();
  what.is_for_all = !tokens;
  if (tokens)
    what.hashes.keys = hasher.hash_prompt(*tokens);
  forget_large_list();
}

void read_method(json_body& body, presence wanted, command& what) {
  if (wanted == presence::never)
    return;
  if (wanted == presence::required)
    body.string("method");  // Complains if there is none.
  what.method =
    body.optional_choice("method", compression_methods).value_or("");
}

control_request read(json_body& body, operation verb,
                     const controller_services& services) {
  const auto& traits = traits_of(verb);
  const auto& options = services.options;
  auto result = read_subject(body, traits.about);
  auto& start = result.start;
  start.event_id = make_event_id(traits.event_prefix);
  start.what.verb = verb;
  read_tokens(body, traits.tokens, services.hasher, start.what);
  read_method(body, traits.method, start.what);
  if (traits.takes_ttl)
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

/// Returns the answer to a request for more chunks than a message may name:
/// small ones make many hashes.
std::optional<http_response> too_many_chunks(const command& what) {
  if (what.hashes.keys.size() <= key_block::max_keys)
    return {};
  return unprocessable(nlohmann::json::array(
    {complaint({"body", "tokens"},
               "Input should have at most " +
                 std::to_string(key_block::max_keys) + " chunks",
               "too_long")}));
}

/// Begins an event and answers at its end, or after its patience that it runs.
void begin(const http_request& request, operation verb,
           const controller_services& services, const responder& respond) {
  json_body body{request};
  auto asked = read(body, verb, services);
  auto& start = asked.start;
  if (const auto refusal = body.refusal())
    return respond(*refusal);
  if (const auto refusal = too_many_chunks(start.what))
    return respond(*refusal);
  for (const auto& name : asked.locations) {
    const auto where = location_named(name);
    if (!where)
      return respond(error_response(404, "unknown_location: " + name));
    (&name == &asked.locations.front() ? start.what.where : start.what.to) =
      *where;
  }
  const auto timeout = start.patience + services.options.answer_timeout;
  answer_from<event_status>(services.executor, std::move(start), timeout,
                            *request.lane, respond, response_for_event);
}

std::vector<field> subject_fields(subject about) {
  const auto position = schema::tuple({schema::text(), location_schema()});
  switch (about) {  // No default, so that -Wswitch reports a missing case.
    case subject::ranks:
      return {
        {"instance_id", schema::text(), "The instance whose ranks do it."}};
    case subject::chunks:
      return {
        {"instance_id", schema::text(), "The instance whose ranks do it."},
        {"location", location_schema(), "Where the chunks lie."}};
    case subject::positions:
      return {
        {"old_position", position,
         "Instance and location that have the chunks."},
        {"new_position", position, "Instance and location that get them."},
        optional_field("should_copy", schema::boolean().or_null(),
                       "Leaves them where they are, too; false if absent."),
        optional_field("copy", schema::boolean().or_null(),
                       "The same, if `should_copy` is absent.")};
  }
  return {};
}

/// Returns a field as it is wanted, or none.
std::vector<field> wanted_field(presence wanted, field required,
                                const std::string& text_if_optional) {
  switch (wanted) {  // No default, so that -Wswitch reports a missing case.
    case presence::never:
      return {};
    case presence::required:
      return {std::move(required)};
    case presence::optional:
      return {optional_field(required.name, required.shape.or_null(),
                             text_if_optional)};
  }
  return {};
}

/// Returns the fields that `read` reads.
std::vector<field> body_fields(const operation_traits& traits) {
  auto result = subject_fields(traits.about);
  const auto add = [&](std::vector<field> more) {
    std::move(more.begin(), more.end(), std::back_inserter(result));
  };
  add(wanted_field(
    traits.tokens,
    {"tokens", token_schema(), "The prompt whose chunks are meant."},
    "The prompt whose chunks are meant; all if absent."));
  add(wanted_field(
    traits.method,
    {"method",
     schema::choice({compression_methods.begin(), compression_methods.end()}),
     "How."},
    "Must be known, if given; changes nothing."));
  if (traits.takes_ttl)
    add({optional_field("ttl_seconds", schema::number().or_null(),
                        "For how long; until unpinned if absent.")});
  add(
    {optional_field("timeout_seconds", schema::number().or_null(),
                    "When the event ends at the latest; the operation's own "
                    "time if absent."),
     optional_field("wait", schema::boolean().or_null(),
                    "Whether to answer at the event's end; true if absent.")});
  return result;
}

}  // namespace

void add_control_routes(router& table, const controller_services& services) {
  for (const auto verb : operations)
    table.add({.method = http_method::post,
               .path = '/' + to_string(verb),
               .summary = std::string{traits_of(verb).summary},
               .body = body_fields(traits_of(verb)),
               .changes_state = true,
               .answer = finished_event_schema(verb),
               .others = other_event_answers(),
               .handler = [services, verb](const http_request& request,
                                           const responder& respond) {
                 begin(request, verb, services, respond);
               }});
}

}  // namespace kvc
