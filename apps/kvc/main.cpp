#include "apps/kvc/command.hpp"
#include "net/client/http_url.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <iostream>

namespace {

using namespace kvc;

constexpr std::array commands{add_lookup, add_workers, add_health, add_controls,
                              add_move,   add_events,  add_cancel, add_wait};

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

struct global_arguments {
  std::string url = "http://localhost:9000";
  double timeout_seconds = 30;
  bool as_json = false;
};

void declare(CLI::App& app, global_arguments& arguments) {
  app.add_option("--url", arguments.url, "The controller's HTTP address")
    ->envname("KVC_URL")
    ->capture_default_str();
  app
    .add_option("--timeout", arguments.timeout_seconds,
                "Seconds to wait for an answer")
    ->check(CLI::Range(0.001, 86'400.0))
    ->capture_default_str();
  app.add_flag("--json", arguments.as_json,
               "Print the controller's JSON instead of a table");
  app.footer(footer);
  app.require_subcommand(1);
  app.fallthrough();
}

exit_code run(const global_arguments& arguments, const command_action& action) {
  const auto url = parse_http_url(arguments.url);
  if (!url)
    return complain(url.error());
  http_client client{
    {.url = *url,
     .deadline = std::chrono::milliseconds{
       static_cast<std::int64_t>(arguments.timeout_seconds * 1000)}}};
  console terminal{client, arguments.as_json};
  try {
    return action(terminal);
  } catch (const nlohmann::json::exception& error) {
    return complain(exit_code::refused,
                    std::string{"unexpected answer: "} + error.what());
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Asks the kvc controller about the KV caches of a fleet.",
               "kvc"};
  global_arguments arguments;
  command_action action;
  declare(app, arguments);
  for (auto* add : commands)
    add(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(exit_code::usage);
  }
  return static_cast<int>(run(arguments, action));
}
