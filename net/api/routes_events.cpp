#include "net/api/event_json.hpp"
#include "net/api/json_body.hpp"
#include "net/api/query_fields.hpp"
#include "net/api/route_groups.hpp"

#include <algorithm>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

constexpr std::uint32_t default_limit = 100;
constexpr std::uint32_t max_limit = 1'000;

/// The greatest `wait_seconds`; options.event_wait may allow less.
constexpr std::chrono::milliseconds max_wait{15'000};

http_response describe_event(const event_status& event) {
  return json_response(event_json(event));
}

void check_finish(const http_request& request,
                  const controller_services& services,
                  const responder& respond) {
  const auto& options = services.options;
  json_body body{request};
  await_event question{.event_id = body.string("event_id")};
  const auto wait = body.optional_seconds("wait_seconds", max_wait);
  question.patience =
    std::min(wait.value_or(question.patience), options.event_wait);
  if (const auto refusal = body.refusal())
    return respond(*refusal);
  answer_from<event_status>(services.executor, question,
                            question.patience + options.answer_timeout,
                            *request.lane, respond, describe_event);
}

void cancel(const http_request& request, const controller_services& services,
            const responder& respond) {
  json_body body{request};
  const cancel_event question{.event_id = body.string("event_id")};
  if (const auto refusal = body.refusal())
    return respond(*refusal);
  answer_from<event_status>(services.executor, question,
                            services.options.answer_timeout, *request.lane,
                            respond, describe_event);
}

void list(const http_request& request, const controller_services& services,
          const responder& respond) {
  query_fields query{request};
  list_events question;
  question.limit = std::min(
    query.optional_integer("limit").value_or(default_limit), max_limit);
  question.state = query.optional_string("status").value_or("");
  question.operation = query.optional_string("operation").value_or("");
  if (request.parameter("status") && !event_state_named(question.state))
    query.complain("status", "Input should be an event's status", "enum");
  if (request.parameter("operation") && !operation_named(question.operation))
    query.complain("operation", "Input should be an operation", "enum");
  if (const auto refusal = query.refusal())
    return respond(*refusal);
  answer_from<std::vector<event_status>>(
    services.executor, question, services.options.answer_timeout, *request.lane,
    respond, [](const std::vector<event_status>& events) {
      auto result = json::array();
      for (const auto& event : events)
        result.push_back(event_json(event));
      return json_response({{"events", std::move(result)}});
    });
}

}  // namespace

void add_event_routes(router& table, const controller_services& services) {
  const auto serve = [services](auto* answer) {
    return [services, answer](const http_request& request,
                              const responder& respond) {
      answer(request, services, respond);
    };
  };
  table.add({.method = http_method::post,
             .path = "/check_finish",
             .summary = "Says where an event stands, at once or at its end.",
             .body = {event_id_field(),
                      optional_field("wait_seconds", schema::number().or_null(),
                                     "How long to wait for the event's end, at "
                                     "most 15; not at all if absent.")},
             .answer = event_schema(),
             .others = {{404, "There is no such event."}},
             .handler = serve(check_finish)});
  table.add({.method = http_method::post,
             .path = "/cancel",
             .summary = "Ends the event `event_id` early; answers when it has.",
             .body = {event_id_field()},
             .changes_state = true,
             .answer = event_schema(),
             .others = {{404, "There is no such event."}},
             .handler = serve(cancel)});
  table.add({.path = "/events",
             .summary = "Lists events, the newest first.",
             .query = {optional_field("limit", schema::integer(max_limit),
                                      "How many at most; 100 if absent."),
                       optional_field("status", schema::text(),
                                      "Only events in this state."),
                       optional_field("operation", schema::text(),
                                      "Only events of this operation.")},
             .answer = schema::object(
               {{"events", schema::list(event_schema()), "The newest first."}}),
             .handler = serve(list)});
}

}  // namespace kvc
