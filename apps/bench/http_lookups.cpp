#include "apps/bench/http_lookups.hpp"

#include "apps/bench/cluster.hpp"
#include "apps/bench/lookup_load.hpp"
#include "apps/bench/machine.hpp"
#include "apps/node/fill.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <chrono>
#include <fstream>

namespace kvc {

namespace {

/// A fleet that holds the same prompts in all its workers.
struct fleet_shape {
  std::uint64_t instances = 1;
  std::uint64_t ranks = 1;
};

constexpr std::uint32_t prompt_chunks = 512;

/// Returns bodies that ask for the beginnings of all whole prompts that hold.
std::vector<std::string> make_bodies(std::size_t tokens,
                                     std::uint64_t prompts) {
  std::vector<std::string> bodies;
  const made_up_prompts source{.chunks_per_prompt = prompt_chunks};
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(prompts, 8); ++i) {
    auto prompt = source.tokens(i);
    prompt.resize(tokens);
    bodies.push_back(lookup_body(prompt));
  }
  return bodies;
}

caf::expected<void> bench_lookups(const bench_options& options,
                                  fleet_shape shape) {
  auto cluster = bench_cluster::start(options.folder);
  if (!cluster)
    return std::move(cluster.error());
  const auto workers = shape.instances * shape.ranks;
  const auto chunks = options.memberships / workers;
  auto short_prompt = made_up_prompts{.seed = 3}.tokens(0);
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
    return caf::make_error(errc::timed_out, "registration");
  const std::chrono::milliseconds duration{
    static_cast<std::int64_t>(options.seconds * 1000)};
  for (const std::size_t tokens : {12U, 4'096U, 131'072U}) {
    const auto bodies = tokens == 12
                          ? std::vector{lookup_body(short_prompt)}
                          : make_bodies(tokens, std::max<std::uint64_t>(
                                                  1, chunks / prompt_chunks));
    for (const std::size_t connections : {1U, 8U}) {
      std::vector<double> rates;
      load_result last;
      std::uint64_t failures = 0;
      for (std::size_t i = 0; i < options.repetitions; ++i) {
        last =
          run_lookup_load(cluster->client(), bodies, connections, duration);
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
    static_cast<double>(resident_bytes(cluster->controller().pid())) / 1e6));
  return caf::unit;
}

}  // namespace

caf::expected<void> bench_http_lookups(const bench_options& options) {
  for (const auto shape : {fleet_shape{1, 1}, fleet_shape{64, 8}}) {
    print(
      fmt::format("\nLookups over HTTP, {} memberships:", options.memberships));
    if (auto done = bench_lookups(options, shape); !done)
      return done;
  }
  return caf::unit;
}

}  // namespace kvc
