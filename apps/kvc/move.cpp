#include "apps/kvc/command.hpp"
#include "apps/kvc/event_request.hpp"
#include "messages/worker_id.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace kvc {

namespace {

struct move_arguments {
  std::string from;
  std::string to;
  std::string from_location = to_string(location::cpu);
  std::string to_location = to_string(location::cpu);
  bool is_copy = false;
  event_arguments event;
};

exit_code run(console& terminal, const move_arguments& arguments) {
  nlohmann::json body{
    {"old_position", {arguments.from, arguments.from_location}},
    {"new_position", {arguments.to, arguments.to_location}},
    {"should_copy", arguments.is_copy}};
  if (const auto error = add_event_fields(body, arguments.event))
    return complain(error);
  return run_event(terminal, "/move", std::move(body),
                   arguments.event.wants_id_only);
}

}  // namespace

void add_move(CLI::App& app, command_action& action) {
  auto* command = app.add_subcommand(
    "move",
    "Moves chunks to another instance, rank by rank, or to another location\n"
    "of the same one. The source drops them once all have arrived; pinned\n"
    "ones stay there too.");
  auto arguments = std::make_shared<move_arguments>();
  command->add_option("FROM", arguments->from, "lmcache_instance_id")
    ->required();
  command->add_option("TO", arguments->to, "lmcache_instance_id")->required();
  add_location(*command, "--location", arguments->from_location,
               "Where from: LocalCPUBackend (or cpu) or LocalDiskBackend");
  add_location(*command, "--to-location", arguments->to_location,
               "Where to: LocalCPUBackend (or cpu) or LocalDiskBackend");
  command->add_flag("--copy", arguments->is_copy,
                    "Leave the chunks at the source, too");
  add_event_options(*command, arguments->event);
  command->callback([arguments, &action] {
    action = [arguments](console& terminal) {
      return run(terminal, *arguments);
    };
  });
}

}  // namespace kvc
