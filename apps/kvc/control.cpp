#include "apps/kvc/commands.hpp"
#include "apps/kvc/follow.hpp"
#include "apps/kvc/interrupt.hpp"

namespace kvc {

namespace {

answer start(console& terminal, const std::string& route, nlohmann::json body) {
  const interrupt_notice notice{
    "kvc: interrupted; the event may have begun: kvc events lists it"};
  return terminal.fetch({route, std::move(body)});
}

/// Begins an event and, unless only its id is wanted, follows it to its end.
exit_code run_event(console& terminal, const std::string& route,
                    nlohmann::json body, const chunk_arguments& chunks) {
  body["wait"] = false;
  if (chunks.source.is_given()) {
    auto wanted = chunks.source.read();
    if (!wanted)
      return complain(wanted.error());
    body["tokens"] = std::move(wanted->tokens);
  }
  if (chunks.timeout_seconds)
    body["timeout_seconds"] = *chunks.timeout_seconds;
  const auto begun = start(terminal, route, std::move(body));
  if (begun.code != exit_code::ok)
    return begun.code;
  const auto event_id = begun.body.at("event_id").get<std::string>();
  if (chunks.wants_id_only)
    return terminal.show(begun.body, {exit_code::ok, event_id + '\n', {}});
  return follow(terminal, event_id);
}

}  // namespace

exit_code control_chunks(console& terminal,
                         const control_arguments& arguments) {
  nlohmann::json body{{"instance_id", arguments.instance},
                      {"location", arguments.location}};
  if (!arguments.method.empty())
    body["method"] = arguments.method;
  if (arguments.ttl_seconds)
    body["ttl_seconds"] = *arguments.ttl_seconds;
  return run_event(terminal, '/' + arguments.operation, std::move(body),
                   arguments.chunks);
}

exit_code move_chunks(console& terminal, const move_arguments& arguments) {
  return run_event(terminal, '/' + arguments.operation,
                   {{"old_position", {arguments.from, arguments.from_location}},
                    {"new_position", {arguments.to, arguments.to_location}},
                    {"should_copy", arguments.is_copy}},
                   arguments.chunks);
}

}  // namespace kvc
