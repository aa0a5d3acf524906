#include "apps/bench/cluster.hpp"
#include "apps/bench/codecs.hpp"
#include "apps/bench/index_part.hpp"
#include "apps/bench/ingest.hpp"
#include "apps/bench/lookup_load.hpp"
#include "apps/bench/machine.hpp"
#include "apps/bench/recovery.hpp"
#include "apps/node/fill.hpp"
#include "apps/node/process.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <iostream>

namespace {

using kvc::describe;

struct bench_options {
  double seconds = 2;  ///< Of each measurement of lookups.
  std::uint64_t memberships = 1'000'000;
  std::size_t repetitions = 3;
  bool is_json = false;          ///< Of the index part.
  std::filesystem::path folder;  ///< Of the logs.
};

/// A fleet that holds the same prompts in all its workers.
struct fleet_shape {
  std::uint64_t instances = 1;
  std::uint64_t ranks = 1;
};

constexpr std::uint32_t prompt_chunks = 512;

void print(const std::string& line) { std::cout << line << std::endl; }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Returns bodies that ask for the beginnings of all whole prompts that hold.
std::vector<std::string> make_bodies(std::size_t tokens,
                                     std::uint64_t prompts) {
  std::vector<std::string> bodies;
  const kvc::made_up_prompts source{.chunks_per_prompt = prompt_chunks};
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(prompts, 8); ++i) {
    auto prompt = source.tokens(i);
    prompt.resize(tokens);
    bodies.push_back(kvc::lookup_body(prompt));
  }
  return bodies;
}

caf::expected<void> bench_lookups(const bench_options& options,
                                  fleet_shape shape) {
  auto cluster = kvc::bench_cluster::start(options.folder);
  if (!cluster)
    return std::move(cluster.error());
  const auto workers = shape.instances * shape.ranks;
  const auto chunks = options.memberships / workers;
  auto short_prompt = kvc::made_up_prompts{.seed = 3}.tokens(0);
  short_prompt.resize(12);
  const auto file = cluster->folder() / "prompt.json";
  std::ofstream{file} << fmt::format("[{}]", fmt::join(short_prompt, ","));
  auto added = cluster->add_worker(
    {"--instances", std::to_string(shape.instances), "--ranks",
     std::to_string(shape.ranks), "--fill", std::to_string(chunks), "--prompt",
     file.string(), "--save-unfull-chunk", "true", "--chunk-bytes", "256",
     "--max-local-cpu-size", workers == 1 ? "1" : "0.01"});
  if (!added)
    return added;
  if (!cluster->wait_for_keys((chunks + 1) * workers, workers))
    return caf::make_error(kvc::errc::timed_out, "registration");
  const std::chrono::milliseconds duration{
    static_cast<std::int64_t>(options.seconds * 1000)};
  for (const std::size_t tokens : {12U, 4'096U, 131'072U}) {
    const auto bodies = tokens == 12
                          ? std::vector{kvc::lookup_body(short_prompt)}
                          : make_bodies(tokens, std::max<std::uint64_t>(
                                                  1, chunks / prompt_chunks));
    for (const std::size_t connections : {1U, 8U}) {
      std::vector<double> rates;
      kvc::load_result last;
      std::uint64_t failures = 0;
      for (std::size_t i = 0; i < options.repetitions; ++i) {
        last = kvc::run_lookup_load(cluster->client(), bodies, connections,
                                    duration);
        rates.push_back(last.per_second);
        failures += last.failures;
      }
      print(fmt::format(
        "  {:>2} x {} workers  {:>7} tokens  {} connection{}  {:>9.0f} /s   "
        "p50 {:>8.0f} us   p99 {:>8.0f} us{}",
        shape.instances, shape.ranks, tokens, connections,
        connections == 1 ? " " : "s", median(rates), last.p50_us, last.p99_us,
        failures == 0 ? "" : fmt::format("   FAILED {}", failures)));
    }
  }
  print(fmt::format(
    "  controller's memory: {:.0f} MB",
    static_cast<double>(kvc::resident_bytes(cluster->controller().pid())) /
      1e6));
  return caf::unit;
}

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
  print(
    fmt::format("  controller killed: all {} memberships back {:.1f} ms "
                "after its port opened",
                options.memberships, times->controller_back_ms));
  return caf::unit;
}

caf::expected<void> ingest_part(const bench_options& options) {
  print("\nMemberships reported, until visible in lookups, one worker:");
  return bench_ingest(options);
}

caf::expected<void> lookups_part(const bench_options& options) {
  for (const auto shape : {fleet_shape{1, 1}, fleet_shape{64, 8}}) {
    print(
      fmt::format("\nLookups over HTTP, {} memberships:", options.memberships));
    if (auto done = bench_lookups(options, shape); !done)
      return done;
  }
  return caf::unit;
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
    for (const auto& x : *figures)
      print(fmt::format(
        "  {:<8}  {:<16}  {:>8}  {:>13}  {:>13}", dtype, x.method,
        x.decode_gb > 0 ? fmt::format("{:.2f}", x.ratio) : "not less",
        rate(x.encode_gb, copy_gb), rate(x.decode_gb, copy_gb)));
  }
  return caf::unit;
}

caf::expected<void> index_part(const bench_options& options) {
  if (!options.is_json)
    print(fmt::format("\nThe index in this process, {} memberships:",
                      options.memberships));
  print(kvc::measure_index_part(
    {options.memberships, options.repetitions, options.is_json}));
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
  {"lookups", "How fast lookups are answered", lookups_part},
  {"recovery", "How soon all is well after a loss", recovery_part},
  {"codecs", "What compression costs and saves", codecs_part},
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
  if (!options.is_json)
    print(kvc::describe_machine());
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
  return 0;
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
  app.add_flag("--json", options.is_json, "Print the index part as JSON");
  for (const auto& each : parts)
    app.add_subcommand(each.name, each.help)->fallthrough();
  CLI11_PARSE(app, argc, argv);
  std::vector<std::string> names;
  for (const auto* each : app.get_subcommands())
    names.push_back(each->get_name());
  if (names.empty())
    names = {"ingest", "lookups", "recovery"};
  kvc::start_logging("warn");
  kvc::raise_file_limit();
  return run(std::move(options), names);
}
