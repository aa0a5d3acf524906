#include "apps/kvc/command_line.hpp"

#include "apps/kvc/commands.hpp"
#include "config/split_empty_values.hpp"
#include "messages/build_version.hpp"
#include "messages/operations.hpp"
#include "messages/worker_id.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

namespace kvc {

namespace {

constexpr auto* footer = R"(Examples:
  kvc lookup --tokens 128000,849,21435     who holds the longest prefix
  jq .tokens prompt.json | kvc lookup --file -
  kvc workers vllm-0                       the ranks of one instance
  kvc workers --rejected                   who could not join, and why
  kvc health vllm-0 || page-someone
  kvc pin vllm-0 --file prompt.json --ttl 3600
  kvc clear vllm-0 --location disk         of all that is not pinned or in use
  kvc compress vllm-0 --method zstd        shows how far it is; Ctrl-C leaves it
  id=$(kvc compress vllm-0 --method lz4 --no-wait); kvc wait $id --for 60
  kvc move vllm-0 vllm-1 --file prompt.json --copy
  kvc events --state running               what goes on; kvc cancel ends one
  KVC_URL=http://controller:9000 kvc --json workers | jq .total_count

Exit codes:
  0  done: found, healthy, finished
  1  nothing found (no holder, worker, event), not healthy, nothing to cancel
  2  the command line or an input file makes no sense
  3  the controller cannot be reached, or did not answer in time
  4  the controller refused; its reason is on standard error
  5  the event failed or was cancelled; each rank's reason is in the table
  6  the event runs still: --for is over, or the controller's own patience
  130  interrupted by Ctrl-C; the event, if there is one, goes on
)";

/// Where commands are declared, and what becomes of them.
struct declaration {
  CLI::App& app;
  command_line& result;

  /// Adds a command that does `run`. Returns it and what its options set.
  template <class Arguments>
  std::pair<CLI::App*, std::shared_ptr<Arguments>> add(
    const std::string& name, const std::string& help,
    exit_code (*run)(console&, const Arguments&)) const {
    auto* command = app.add_subcommand(name, help);
    auto arguments = std::make_shared<Arguments>();
    command->callback([run, arguments, &action = result.action] {
      action = [run, arguments](console& terminal) {
        return run(terminal, *arguments);
      };
    });
    return {command, arguments};
  }
};

void add_instance(CLI::App& command, std::string& instance,
                  const std::string& name = "INSTANCE") {
  command.add_option(name, instance, "lmcache_instance_id")->required();
}

/// Adds an option for a location, of which "cpu" and "disk" are short names.
void add_location(CLI::App& command, const std::string& name,
                  std::string& chosen, const std::string& help) {
  const std::map<std::string, std::string> short_names{
    {"cpu", to_string(location::cpu)}, {"disk", to_string(location::disk)}};
  chosen = to_string(location::cpu);
  command.add_option(name, chosen, help)
    ->transform(CLI::CheckedTransformer(short_names).description(""))
    ->capture_default_str();
}

/// Adds --tokens and --file, of which one can be given. Returns their group.
CLI::App* add_prompt(CLI::App& command, prompt_source& source) {
  auto* group = command.add_option_group("prompt");
  group->add_option("--tokens", source.tokens,
                    "The prompt's tokens, as in 1,2,3");
  group->add_option("--file", source.file,
                    "File with a JSON array of tokens, or an object with "
                    "\"tokens\" and maybe \"model\"; - is standard input");
  group->require_option(0, 1);
  return group;
}

/// Adds what commands on chunks have in common. Returns the prompt's group.
CLI::App* add_chunk_options(CLI::App& command, chunk_arguments& arguments) {
  auto* prompt = add_prompt(command, arguments.source);
  command
    .add_option("--event-timeout", arguments.timeout_seconds,
                "Seconds until ranks that are not done count as failed;\n"
                "the default is the controller's")
    ->check(CLI::PositiveNumber);
  command.add_flag("--no-wait", arguments.wants_id_only,
                   "Print the event's id as soon as it has begun");
  return prompt;
}

void add_lookup(const declaration& to) {
  const auto [command, arguments] =
    to.add("lookup",
           "Lists the instances that hold the beginning of a prompt,\n"
           "the longest first, and how many tokens of it.\n"
           "Exits with 1 if there are none.",
           look_up);
  add_prompt(*command, arguments->source)->require_option(1);
  command->add_option("--model", arguments->model,
                      "The model's name, where instances announce one");
}

void add_workers(const declaration& to) {
  const auto [command, arguments] =
    to.add("workers",
           "Lists the registered workers and what they hold.\n"
           "Exits with 1 if there are none.",
           show_workers);
  auto* instance = command->add_option("INSTANCE", arguments->instance,
                                       "Only this instance's workers");
  command
    ->add_flag("--rejected", arguments->wants_rejected,
               "Instead, the workers refused in the last hour, and why")
    ->excludes(instance);
}

/// Returns an operation's help, from the table that all programs share.
std::string help_of(operation verb) {
  const auto& traits = traits_of(verb);
  std::string result{traits.summary};
  if (!traits.details.empty())
    result.append("\n").append(traits.details);
  return result;
}

void add_health(const declaration& to, operation verb) {
  const auto [command, arguments] = to.add(
    to_string(verb), help_of(verb) + "\nExits with 1 if one is not healthy.",
    check_health);
  arguments->operation = to_string(verb);
  add_instance(*command, arguments->instance);
}

void add_control(const declaration& to, operation verb) {
  const auto& traits = traits_of(verb);
  const auto [command, arguments] =
    to.add(to_string(verb), help_of(verb), control_chunks);
  arguments->operation = to_string(verb);
  add_instance(*command, arguments->instance);
  add_location(*command, "--location", arguments->location,
               "LocalCPUBackend (or cpu) or LocalDiskBackend (or disk)");
  auto* prompt = add_chunk_options(*command, arguments->chunks);
  if (traits.tokens == presence::required)
    prompt->require_option(1);
  if (traits.takes_ttl)
    command
      ->add_option("--ttl", arguments->ttl_seconds,
                   "Seconds until the pin ends by itself")
      ->check(CLI::PositiveNumber);
  if (traits.method == presence::required)
    command
      ->add_option("--method", arguments->method, "zstd, lz4 or int8 (lossy)")
      ->required()
      ->check(CLI::IsMember(std::vector<std::string>{
        compression_methods.begin(), compression_methods.end()}));
}

void add_move(const declaration& to, operation verb) {
  const auto [command, arguments] =
    to.add(to_string(verb), help_of(verb), move_chunks);
  arguments->operation = to_string(verb);
  add_instance(*command, arguments->from, "FROM");
  add_instance(*command, arguments->to, "TO");
  add_location(*command, "--location", arguments->from_location,
               "Where from: LocalCPUBackend (or cpu) or LocalDiskBackend");
  add_location(*command, "--to-location", arguments->to_location,
               "Where to: LocalCPUBackend (or cpu) or LocalDiskBackend");
  command->add_flag("--copy", arguments->is_copy,
                    "Leave the chunks at the source, too");
  add_chunk_options(*command, arguments->chunks);
}

void add_operations(const declaration& to) {
  for (const auto verb : operations) {
    switch (traits_of(verb).about) {
      case subject::ranks:
        add_health(to, verb);
        break;
      case subject::chunks:
        add_control(to, verb);
        break;
      case subject::positions:
        add_move(to, verb);
        break;
    }
  }
}

/// Returns, say, "clear, pin or move".
std::string operation_names() {
  std::string result;
  for (const auto verb : operations)
    result += (verb == operations.front()  ? ""
               : verb == operations.back() ? " or "
                                           : ", ") +
              to_string(verb);
  return result;
}

void add_events(const declaration& to) {
  const auto [command, arguments] =
    to.add("events",
           "Lists what the controller does and has done, the newest first,\n"
           "or the ranks of one event. Exits with 1 if there is none.",
           show_events);
  auto* event = command->add_option("EVENT", arguments->event_id,
                                    "Only this event, with its ranks");
  command
    ->add_option("--state", arguments->state,
                 "Only those running, finished, failed or cancelled")
    ->check(CLI::IsMember({"running", "finished", "failed", "cancelled"}))
    ->excludes(event);
  command
    ->add_option("--operation", arguments->operation,
                 "Only " + operation_names())
    ->excludes(event);
  command->add_option("--limit", arguments->limit, "At most so many")
    ->check(CLI::Range(1, 1000))
    ->capture_default_str()
    ->excludes(event);
}

void add_cancel(const declaration& to) {
  const auto [command, arguments] =
    to.add("cancel",
           "Ends an event early; chunks already done stay done.\n"
           "Exits with 1 if it has ended before.",
           end_event);
  command->add_option("EVENT", arguments->event_id, "Its id")->required();
}

void add_wait(const declaration& to) {
  const auto [command, arguments] =
    to.add("wait",
           "Waits for the end of an event and shows its ranks.\n"
           "Exits with 5 if it did not finish.",
           wait_for_event);
  command->add_option("EVENT", arguments->event_id, "Its id")->required();
  command
    ->add_option("--for", arguments->patience_seconds,
                 "Seconds to wait at most; then exits with 6")
    ->check(CLI::Range(0.0, 86'400.0 * 365));
}

void add_global_options(const declaration& to) {
  to.app.add_option("--url", to.result.url, "The controller's HTTP address")
    ->envname("KVC_URL")
    ->capture_default_str();
  to.app
    .add_option("--timeout", to.result.timeout_seconds,
                "Seconds to wait for an answer")
    ->check(CLI::Range(0.001, 86'400.0))
    ->capture_default_str();
  to.app.add_flag("--json", to.result.as_json,
                  "Print the controller's JSON instead of a table");
}

}  // namespace

std::optional<command_line> parse_command_line(int argc, char** argv) {
  command_line result;
  CLI::App app{"Asks the kvc controller about the KV caches of a fleet.",
               "kvc"};
  app.footer(footer);
  app.set_version_flag("--version", version_line("kvc", this_build()),
                       "Print the version and exit");
  app.require_subcommand(1);
  app.fallthrough();  // Subcommands inherit it when they are added.
  for (auto* add : {add_global_options, add_lookup, add_workers, add_operations,
                    add_events, add_cancel, add_wait})
    add({app, result});
  try {
    auto words = split_empty_values({argv + std::min(argc, 1), argv + argc});
    std::reverse(words.begin(), words.end());  // CLI11 wants them so.
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) != 0)
      return std::nullopt;
    result.action = nullptr;
  }
  return result;
}

}  // namespace kvc
