#include "messages/control.hpp"
#include "apps/kvc/command.hpp"
#include "apps/kvc/follow.hpp"
#include "apps/kvc/interrupt.hpp"
#include "apps/kvc/prompt_source.hpp"

#include <CLI/CLI.hpp>

#include <map>
#include <memory>

namespace kvc {

namespace {

struct control_command {
  operation what;
  const char* help;
};

constexpr std::array<control_command, 5> control_commands{{
  {operation::clear,
   "Drops the chunks of a location, or those of a prompt.\n"
   "Pinned chunks and those in use stay, and are counted."},
  {operation::pin,
   "Keeps a prompt's chunks from eviction and from clear.\n"
   "Pins add up: each needs its unpin, or its time to end."},
  {operation::unpin, "Takes back one pin of a prompt's chunks."},
  {operation::compress,
   "Compresses the chunks of a location, or those of a prompt."},
  {operation::decompress,
   "Restores the chunks of a location, or those of a prompt."},
}};

struct control_arguments {
  std::string instance;
  std::string location = to_string(location::cpu);
  prompt_source source;
  std::string method;
  std::optional<double> ttl_seconds = {};
  std::optional<double> timeout_seconds = {};
  bool wants_id_only = false;
};

/// Makes the request's body.
caf::expected<nlohmann::json> render(const control_arguments& arguments) {
  nlohmann::json body{{"instance_id", arguments.instance},
                      {"location", arguments.location},
                      {"wait", false}};
  if (arguments.source.is_given()) {
    auto wanted = arguments.source.read();
    if (!wanted)
      return std::move(wanted.error());
    body["tokens"] = std::move(wanted->tokens);
  }
  if (!arguments.method.empty())
    body["method"] = arguments.method;
  if (arguments.ttl_seconds)
    body["ttl_seconds"] = *arguments.ttl_seconds;
  if (arguments.timeout_seconds)
    body["timeout_seconds"] = *arguments.timeout_seconds;
  return body;
}

answer start(console& terminal, const std::string& route, nlohmann::json body) {
  const interrupt_notice notice{
    "kvc: interrupted; the event may have begun: kvc events lists it"};
  return terminal.fetch({route, std::move(body)});
}

exit_code run(console& terminal, operation what,
              const control_arguments& arguments) {
  auto body = render(arguments);
  if (!body)
    return complain(body.error());
  const auto begun = start(terminal, '/' + to_string(what), std::move(*body));
  if (begun.code != exit_code::ok)
    return begun.code;
  const auto event_id = begun.body.at("event_id").get<std::string>();
  if (arguments.wants_id_only)
    return terminal.show(begun.body, {exit_code::ok, event_id + '\n', {}});
  return follow(terminal, event_id);
}

void add_location(CLI::App& command, control_arguments& arguments) {
  const std::map<std::string, std::string> short_names{
    {"cpu", to_string(location::cpu)}, {"disk", to_string(location::disk)}};
  command
    .add_option("--location", arguments.location,
                "LocalCPUBackend (or cpu) or LocalDiskBackend (or disk)")
    ->transform(CLI::CheckedTransformer(short_names).description(""))
    ->capture_default_str();
}

void add_own_options(CLI::App& command, operation what,
                     control_arguments& arguments) {
  auto* source = add_prompt_source(command, arguments.source);
  if (what == operation::pin || what == operation::unpin)
    source->require_option(1);
  if (what == operation::pin)
    command
      .add_option("--ttl", arguments.ttl_seconds,
                  "Seconds until the pin ends by itself")
      ->check(CLI::PositiveNumber);
  if (what == operation::compress)
    command
      .add_option("--method", arguments.method, "zstd, lz4 or int8 (lossy)")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{
        compression_methods.begin(), compression_methods.end()}));
}

void add_control(CLI::App& app, const control_command& each,
                 command_action& action) {
  auto* command = app.add_subcommand(to_string(each.what), each.help);
  auto arguments = std::make_shared<control_arguments>();
  command->add_option("INSTANCE", arguments->instance, "lmcache_instance_id")
    ->required();
  add_location(*command, *arguments);
  add_own_options(*command, each.what, *arguments);
  command
    ->add_option("--event-timeout", arguments->timeout_seconds,
                 "Seconds until ranks that are not done count as failed;\n"
                 "the default is the controller's")
    ->check(CLI::PositiveNumber);
  command->add_flag("--no-wait", arguments->wants_id_only,
                    "Print the event's id as soon as it has begun");
  command->callback([arguments, what = each.what, &action] {
    action = [arguments, what](console& terminal) {
      return run(terminal, what, *arguments);
    };
  });
}

}  // namespace

void add_controls(CLI::App& app, command_action& action) {
  for (const auto& each : control_commands)
    add_control(app, each, action);
}

}  // namespace kvc
