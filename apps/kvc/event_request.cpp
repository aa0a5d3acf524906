#include "apps/kvc/event_request.hpp"

#include "apps/kvc/follow.hpp"
#include "apps/kvc/interrupt.hpp"
#include "messages/worker_id.hpp"

#include <CLI/CLI.hpp>

#include <map>

namespace kvc {

namespace {

answer start(console& terminal, const std::string& route, nlohmann::json body) {
  const interrupt_notice notice{
    "kvc: interrupted; the event may have begun: kvc events lists it"};
  return terminal.fetch({route, std::move(body)});
}

}  // namespace

CLI::App* add_event_options(CLI::App& command, event_arguments& arguments) {
  auto* prompt = add_prompt_source(command, arguments.source);
  command
    .add_option("--event-timeout", arguments.timeout_seconds,
                "Seconds until ranks that are not done count as failed;\n"
                "the default is the controller's")
    ->check(CLI::PositiveNumber);
  command.add_flag("--no-wait", arguments.wants_id_only,
                   "Print the event's id as soon as it has begun");
  return prompt;
}

void add_location(CLI::App& command, const std::string& name,
                  std::string& chosen, const std::string& help) {
  const std::map<std::string, std::string> short_names{
    {"cpu", to_string(location::cpu)}, {"disk", to_string(location::disk)}};
  command.add_option(name, chosen, help)
    ->transform(CLI::CheckedTransformer(short_names).description(""))
    ->capture_default_str();
}

caf::error add_event_fields(nlohmann::json& body,
                            const event_arguments& arguments) {
  body["wait"] = false;
  if (arguments.source.is_given()) {
    auto wanted = arguments.source.read();
    if (!wanted)
      return std::move(wanted.error());
    body["tokens"] = std::move(wanted->tokens);
  }
  if (arguments.timeout_seconds)
    body["timeout_seconds"] = *arguments.timeout_seconds;
  return caf::none;
}

exit_code run_event(console& terminal, const std::string& route,
                    nlohmann::json body, bool wants_id_only) {
  const auto begun = start(terminal, route, std::move(body));
  if (begun.code != exit_code::ok)
    return begun.code;
  const auto event_id = begun.body.at("event_id").get<std::string>();
  if (wants_id_only)
    return terminal.show(begun.body, {exit_code::ok, event_id + '\n', {}});
  return follow(terminal, event_id);
}

}  // namespace kvc
