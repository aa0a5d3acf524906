#include "actors/hashing/chunk_hasher.hpp"
#include "apps/bench/cluster.hpp"
#include "apps/bench/http/http_connection.hpp"
#include "apps/bench/http/http_load.hpp"
#include "apps/bench/machine.hpp"
#include "apps/bench/parts.hpp"
#include "apps/workload/trace.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

namespace kvc {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::minutes replay_patience{60};
constexpr std::chrono::milliseconds poll_interval{20};
constexpr std::size_t connections = 8;

caf::expected<trace_reader> open(const bench_options& options) {
  auto trace = trace_reader::open(options.trace);
  if (trace)
    trace->repeat(options.copies);
  return trace;
}

/// The lookups of a trace, and when its requests came.
struct trace_lookups {
  std::vector<std::string> requests;
  std::vector<std::chrono::nanoseconds> times;
};

/// Asks by hashes, as a router does that cuts prompts itself. Prompts shorter
/// than a chunk are left out.
caf::expected<trace_lookups> read_lookups(const bench_options& options) {
  auto trace = open(options);
  if (!trace)
    return std::move(trace.error());
  const chunk_hasher hasher{{}, false};
  trace_lookups result;
  while (true) {
    const auto request = trace->next();
    if (!request)
      return request.error();
    if (!*request)
      break;
    const auto hashes = hasher.hash_prompt(prompt_tokens(**request));
    if (hashes.empty())
      continue;
    result.requests.push_back(post_request(
      "/lookup", "application/json",
      fmt::format(R"({{"hashes":[{}]}})", fmt::join(hashes, ","))));
    result.times.emplace_back((*request)->timestamp);
  }
  if (result.requests.empty())
    return caf::make_error(errc::invalid_request,
                           options.trace + ": no prompt of a chunk");
  return result;
}

/// Returns the worker's own line about its replay, when that is done. Fails
/// with timed_out, or connection_lost if the worker ends before.
caf::expected<std::string> wait_for_replay(const bench_cluster& cluster) {
  constexpr std::string_view mark = "replay: done ";
  const auto path = cluster.folder() / "worker-0.log";
  const auto deadline = clock::now() + replay_patience;
  while (clock::now() < deadline) {
    // Before its log is read, which is whole then.
    const auto is_running = cluster.workers().front().is_running();
    std::ifstream log{path};
    for (std::string line; std::getline(log, line);)
      if (const auto at = line.find(mark); at != std::string::npos)
        return line.substr(at + mark.size());
    if (!is_running)
      return caf::make_error(errc::connection_lost,
                             "the worker ended, see " + path.string());
    std::this_thread::sleep_for(poll_interval);
  }
  return caf::make_error(errc::timed_out, "the replay");
}

caf::expected<std::string> replay(bench_cluster& cluster,
                                  const bench_options& options) {
  if (const auto added = cluster.add_worker(
        {"--instances", std::to_string(options.instances), "--ranks",
         std::to_string(options.ranks), "--chunk-bytes", "256",
         "--max-local-cpu-size", "0.1", "--replay", options.trace,
         "--replay-copies", std::to_string(options.copies)});
      !added)
    return added.error();
  return wait_for_replay(cluster);
}

void report(const bench_options& options, const char* loop,
            const http_load_result& x) {
  print(
    fmt::format("  lookups, {:<12} {:>9.0f} /s   p50 {:>6.0f} us   p99 "
                "{:>6.0f} us   p99.9 {:>6.0f} us{}",
                loop, x.per_second, x.p50_us, x.p99_us, x.p999_us,
                x.failures == 0 ? "" : fmt::format("  FAILED {}", x.failures)));
  options.figures->add({{"part", "replay"},
                        {"trace", options.trace},
                        {"copies", options.copies},
                        {"instances", options.instances},
                        {"ranks", options.ranks},
                        {"loop", loop},
                        {"per_second", x.per_second},
                        {"p50_us", x.p50_us},
                        {"p99_us", x.p99_us},
                        {"p999_us", x.p999_us},
                        {"failures", x.failures}});
}

caf::expected<void> ask(const bench_cluster& cluster, trace_lookups all,
                        const bench_options& options) {
  http_load load;
  load.port = cluster.http_port();
  load.requests = std::move(all.requests);
  load.connections = connections;
  load.duration = std::chrono::nanoseconds{
    static_cast<std::int64_t>(std::max(options.seconds, 2.0) * 1e9)};
  load.warm_up = load.duration / 5;
  load.expected = "layout_info";
  const auto closed = run_http_load(load);
  if (!closed)
    return closed.error();
  report(options, "closed loop", *closed);
  load.warm_up = {};
  for (const auto time : all.times)
    load.due_times.push_back(
      std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double, std::nano>{
          static_cast<double>(time.count()) * options.time_scale}));
  load.duration = load.due_times.back() + std::chrono::nanoseconds{1};
  const auto timed = run_http_load(load);
  if (!timed)
    return timed.error();
  report(options, "as recorded", *timed);
  return caf::unit;
}

}  // namespace

caf::expected<void> replay_part(const bench_options& options) {
  if (options.trace.empty())
    return caf::make_error(errc::invalid_request, "no trace is named");
  auto lookups = read_lookups(options);
  if (!lookups)
    return std::move(lookups.error());
  print(fmt::format(
    "\nReplay of {}, {} times at once, {} x {} workers:", options.trace,
    options.copies, options.instances, options.ranks));
  auto cluster = bench_cluster::start(options.folder);
  if (!cluster)
    return std::move(cluster.error());
  const auto replayed = replay(*cluster, options);
  if (!replayed)
    return replayed.error();
  print("  " + *replayed);
  print(fmt::format(
    "  controller's memory: {:.0f} MB",
    static_cast<double>(resident_bytes(cluster->controller().pid())) / 1e6));
  return ask(*cluster, std::move(*lookups), options);
}

}  // namespace kvc
