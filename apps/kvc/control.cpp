#include "messages/control.hpp"
#include "apps/kvc/command.hpp"
#include "apps/kvc/event_request.hpp"

#include <CLI/CLI.hpp>

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
  std::string method;
  std::optional<double> ttl_seconds = {};
  event_arguments event;
};

exit_code run(console& terminal, operation what,
              const control_arguments& arguments) {
  nlohmann::json body{{"instance_id", arguments.instance},
                      {"location", arguments.location}};
  if (const auto error = add_event_fields(body, arguments.event))
    return complain(error);
  if (!arguments.method.empty())
    body["method"] = arguments.method;
  if (arguments.ttl_seconds)
    body["ttl_seconds"] = *arguments.ttl_seconds;
  return run_event(terminal, '/' + to_string(what), std::move(body),
                   arguments.event.wants_id_only);
}

void add_own_options(CLI::App& command, operation what,
                     control_arguments& arguments) {
  auto* source = add_event_options(command, arguments.event);
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
  add_location(*command, "--location", arguments->location,
               "LocalCPUBackend (or cpu) or LocalDiskBackend (or disk)");
  add_own_options(*command, each.what, *arguments);
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
