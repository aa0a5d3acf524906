#include "apps/bench/cluster.hpp"
#include "apps/bench/codecs.hpp"
#include "apps/bench/http/http_lookups.hpp"
#include "apps/bench/http/trace_part.hpp"
#include "apps/bench/index/index_part.hpp"
#include "apps/bench/ingest.hpp"
#include "apps/bench/machine.hpp"
#include "apps/bench/part.hpp"
#include "apps/bench/recovery/recovery.hpp"
#include "apps/bench/transfer/transfer_part.hpp"
#include "apps/node/process.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <iostream>

namespace {

using kvc::bench_options;
using kvc::describe;
using kvc::median;
using kvc::print;

caf::expected<void> bench_ingest(const bench_options& options) {
  for (const std::size_t keys_per_call : {2'000U, 50U, 1U}) {
    std::vector<double> rates;
    for (std::size_t i = 0; i < options.repetitions; ++i) {
      auto cluster = kvc::bench_cluster::start(options.folder);
      if (!cluster)
        return std::move(cluster.error());
      const auto rate = kvc::measure_ingest(
        cluster->link_port(), 4 * options.memberships, keys_per_call);
      if (!rate)
        return rate.error();
      rates.push_back(*rate);
    }
    print(fmt::format("  {:>5} keys a call   {:>6.2f} million /s",
                      keys_per_call, median(rates) / 1e6));
    options.figures->add({{"part", "ingest"},
                          {"memberships", 4 * options.memberships},
                          {"keys_per_call", keys_per_call},
                          {"per_second", rates}});
  }
  return caf::unit;
}

caf::expected<void> bench_recovery(const bench_options& options) {
  const auto times = kvc::measure_recovery(options.folder, options.memberships,
                                           options.repetitions);
  if (!times)
    return times.error();
  print(fmt::format("  worker killed: gone from lookups after {:.1f} ms",
                    times->worker_gone_ms));
  print(fmt::format(
    "  worker stopped: gone after {:.0f} ms, back {:.1f} ms after it went on",
    times->stopped_gone_ms, times->continued_ms));
  print(fmt::format(
    "  link cut for 1 s: back {:.1f} ms after it healed, {} of {} times "
    "without a full sync",
    times->healed_ms, times->resumed, options.repetitions));
  print(fmt::format(
    "  controller killed: all {} memberships back {:.1f} ms "
    "after its port opened;\n"
    "    {} lookups meanwhile, one after the other: p99.9 {:.0f} us, "
    "{:.0f} us of the controller's core",
    options.memberships, times->controller_back_ms, times->lookups,
    times->lookup_p999_us, times->lookup_cpu_p999_us));
  options.figures->add({{"part", "recovery"},
                        {"memberships", options.memberships},
                        {"worker_gone_ms", times->worker_gone_ms},
                        {"stopped_gone_ms", times->stopped_gone_ms},
                        {"continued_ms", times->continued_ms},
                        {"healed_ms", times->healed_ms},
                        {"resumed", times->resumed},
                        {"controller_back_ms", times->controller_back_ms},
                        {"lookups", times->lookups},
                        {"lookup_p999_us", times->lookup_p999_us},
                        {"lookup_cpu_p999_us", times->lookup_cpu_p999_us}});
  return caf::unit;
}

caf::expected<void> ingest_part(const bench_options& options) {
  print("\nMemberships reported, until visible in lookups, one worker:");
  return bench_ingest(options);
}

caf::expected<void> recovery_part(const bench_options& options) {
  print(fmt::format("\nRecovery, {} memberships:", options.memberships));
  return bench_recovery(options);
}

/// Writes "4.48 (0.19)": GB/s, and how many times memcpy's.
std::string rate(double gb, double copy_gb) {
  return gb > 0 ? fmt::format("{:.2f} ({:.2f})", gb, gb / copy_gb) : "-";
}

caf::expected<void> codecs_part(const bench_options& options) {
  print(
    "\nCodecs, a made-up chunk, GB of raw bytes per second and core (times "
    "memcpy's):");
  print(fmt::format("  {:<8}  {:<16}  {:>8}  {:>13}  {:>13}", "dtype", "method",
                    "ratio", "encode", "decode"));
  for (const auto* dtype : {"bfloat16", "float16", "float32"}) {
    const auto figures =
      kvc::measure_codecs(kvc::make_kv_chunk(dtype), options.repetitions);
    if (!figures)
      return figures.error();
    const auto copy_gb = figures->front().encode_gb;
    for (const auto& x : *figures) {
      options.figures->add({{"part", "codecs"},
                            {"dtype", dtype},
                            {"method", x.method},
                            {"ratio", x.ratio},
                            {"encode_gb", x.encode_gb},
                            {"decode_gb", x.decode_gb},
                            {"memcpy_gb", copy_gb}});
      print(fmt::format(
        "  {:<8}  {:<16}  {:>8}  {:>13}  {:>13}", dtype, x.method,
        x.decode_gb > 0 ? fmt::format("{:.2f}", x.ratio) : "not less",
        rate(x.encode_gb, copy_gb), rate(x.decode_gb, copy_gb)));
    }
  }
  return caf::unit;
}

caf::expected<void> index_part(const bench_options& options) {
  print(fmt::format("\nThe index in this process, {} memberships:",
                    options.memberships));
  print(kvc::measure_index_part({options.memberships, options.repetitions},
                                *options.figures));
  return caf::unit;
}

/// What can be asked for by name.
struct part {
  const char* name;
  const char* help;
  caf::expected<void> (*run)(const bench_options&);
};

constexpr auto parts = std::to_array<part>({
  {"ingest", "How fast reports arrive", ingest_part},
  {"lookups", "How fast lookups are answered", kvc::bench_http_lookups},
  {"recovery", "How soon all is well after a loss", recovery_part},
  {"transfer", "How fast chunks travel between workers", kvc::bench_transfer},
  {"codecs", "What compression costs and saves", codecs_part},
  {"replay", "How a fleet and its lookups follow a trace", kvc::bench_trace},
  {"index", "How close the table is to what memory allows", index_part},
});

/// Runs the parts of these names and returns the exit code.
int run(bench_options options, const std::vector<std::string>& names) {
  auto folder =
    (std::filesystem::temp_directory_path() / "kvc-bench-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::cerr << "kvc-bench: " << folder << ": not made\n";
    return 1;
  }
  options.folder = folder;
  const auto machine = kvc::describe_machine();
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
  bench_options options;
  CLI::App app{
    "Measures kvc on this machine; medians of the repetitions. "
    "Without a name, everything about a fleet.",
    "kvc-bench"};
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
  CLI11_PARSE(app, argc, argv);
  std::vector<std::string> names;
  for (const auto* each : app.get_subcommands())
    names.push_back(each->get_name());
  if (names.empty())
    names = {"ingest", "lookups", "recovery", "transfer"};
  kvc::start_logging("warn");
  kvc::raise_file_limit();
  return run(std::move(options), names);
}
