#include "apps/bench/machine.hpp"
#include "apps/bench/parts.hpp"
#include "apps/node/process.hpp"
#include "config/split_empty_values.hpp"
#include "messages/build_version.hpp"
#include "messages/errors.hpp"
#include "messages/standard_streams.hpp"
#include "net/transport/transport_module.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <iostream>

namespace {

using namespace kvc;

/// What can be asked for by name.
struct part {
  const char* name;
  const char* help;
  caf::expected<void> (*run)(const bench_options&);
};

constexpr auto parts = std::to_array<part>({
  {"ingest", "How fast reports arrive", ingest_part},
  {"lookups", "How fast lookups are answered", lookups_part},
  {"recovery", "How soon all is well after a loss", recovery_part},
  {"transfer", "How fast chunks travel between workers", transfer_part},
  {"codecs", "What compression costs and saves", codecs_part},
  {"replay", "How a fleet and its lookups follow a trace", replay_part},
  {"index", "How close the table is to what memory allows", index_part},
});

/// Runs the parts of these names and returns the exit code.
int run(bench_options options, const std::vector<std::string>& names) {
  prepare_transport();  // While there is one thread.
  auto folder =
    (std::filesystem::temp_directory_path() / "kvc-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::cerr << "kvc-bench: " << folder << ": not made\n";
    return 1;
  }
  options.folder = folder;
  const auto machine = describe_machine();
  print(machine);
  for (const auto& each : parts) {
    if (std::find(names.begin(), names.end(), each.name) == names.end())
      continue;
    if (const auto done = each.run(options); !done) {
      std::cerr << "kvc-bench: " << each.name << ": " << describe(done.error())
                << "\nkvc-bench: logs are in " << folder << '\n';
      return 1;
    }
  }
  std::filesystem::remove_all(options.folder);
  if (!options.json_file.empty() &&
      !options.figures->write(options.json_file, machine)) {
    std::cerr << "kvc-bench: " << options.json_file.string()
              << ": not written\n";
    return 1;
  }
  return 0;
}

void add_replay_options(CLI::App& to, bench_options& options) {
  to.add_option("trace", options.trace, "A Mooncake trace")
    ->required()
    ->check(CLI::ExistingFile);
  to.add_option("--copies", options.copies,
                "Of each request, with prompts of its own")
    ->check(CLI::Range(1, 64));  // All lookups are made before.
  to.add_option("--time-scale", options.time_scale,
                "Lookups take X seconds per second of the trace")
    ->check(CLI::Range(0.0001, 1.0));
  to.add_option("--instances", options.instances)->check(CLI::Range(1, 512));
  to.add_option("--ranks", options.ranks, "Of each instance")
    ->check(CLI::Range(1, 8));
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  bench_options options;
  CLI::App app{
    "Measures kvc on this machine; medians of the repetitions. "
    "Without a name, everything about a fleet.",
    "kvc-bench"};
  app.set_version_flag("--version", version_line("kvc-bench", this_build()));
  app.add_option("--seconds", options.seconds, "Of each lookup measurement")
    ->check(CLI::PositiveNumber);
  app.add_option("--memberships", options.memberships, "In the index")
    ->check(CLI::Range(100'000, 100'000'000));
  app.add_option("--repetitions", options.repetitions, "Of each measurement")
    ->check(CLI::Range(1, 100));
  app.add_option("--json", options.json_file, "Also write the figures there");
  for (const auto& each : parts)
    app.add_subcommand(each.name, each.help)->fallthrough();
  add_replay_options(*app.get_subcommand("replay"), options);
  try {
    auto words = split_empty_values({argv + std::min(argc, 1), argv + argc});
    std::reverse(words.begin(), words.end());  // CLI11 wants them so.
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  std::vector<std::string> names;
  for (const auto* each : app.get_subcommands())
    names.push_back(each->get_name());
  if (names.empty())
    names = {"ingest", "lookups", "recovery", "transfer"};
  start_logging("warn");
  raise_file_limit();
  return run(std::move(options), names);
}
