#include "apps/bench/clocks.hpp"
#include "apps/bench/cluster.hpp"
#include "apps/bench/http/http_connection.hpp"
#include "apps/bench/http/http_load.hpp"
#include "apps/bench/http/http_reference.hpp"
#include "apps/bench/http/lookup_bodies.hpp"
#include "apps/bench/machine.hpp"
#include "apps/bench/noise_meter.hpp"
#include "apps/bench/parts.hpp"
#include "apps/bench/statistics.hpp"
#include "apps/workload/fill.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

namespace kvc {

namespace {

/// A fleet that holds the same prompts in all its workers.
struct fleet_shape {
  std::uint64_t instances = 1;
  std::uint64_t ranks = 1;
  const char* hash_algorithm = "builtin";
};

/// One kind of lookups.
struct lookup_case {
  std::size_t tokens;
  bool is_binary;
  std::size_t connections;
};

constexpr auto lookup_cases = std::to_array<lookup_case>({
  {12, false, 1},
  {12, false, 8},
  {4'096, false, 1},
  {4'096, false, 8},
  {131'072, false, 1},
  {131'072, false, 8},
  {131'072, true, 1},
  {131'072, true, 8},
});

constexpr std::uint32_t prompt_chunks = 512;
constexpr std::size_t short_tokens = 12;
constexpr double noisy_share = 0.05;   // Of the machine, taken by others.
constexpr double noisy_spread = 0.25;  // Between repetitions.
constexpr double busy_client = 0.97;

/// The controller's threads for HTTP, as it chooses them.
std::size_t http_threads() {
  return std::clamp(std::thread::hardware_concurrency() / 2, 1U, 8U);
}

/// What one case came to, a value for each repetition.
struct case_figures {
  std::vector<double> rates;
  std::vector<double> limits;  ///< Of the bare server.
  std::vector<double> cpu_us;  ///< Of the controller, for each request.
  std::vector<double> limit_cpu_us;
  std::vector<double> p50_us, p99_us;
  std::vector<double> open_rates, open_p50_us, open_p99_us, open_p999_us;
  std::uint64_t failures = 0;
  double client_share = 0;
  double foreign_share = 0;
};

double us_each(double seconds, std::size_t requests) {
  return seconds * 1e6 /
         static_cast<double>(std::max<std::size_t>(requests, 1));
}

double spread(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return (*high - *low) / median(values);
}

/// Runs lookups of one fleet.
class lookup_bench {
 public:
  lookup_bench(const bench_options& options, fleet_shape shape)
      : options_(options), shape_(shape) {}

  caf::expected<void> start();
  caf::expected<void> measure(const lookup_case& chosen);
  std::size_t controller_bytes() const {
    return resident_bytes(cluster_->controller().pid());
  }

 private:
  std::vector<std::string> make_requests(const lookup_case& chosen) const;
  caf::expected<void> repeat(http_load load, const http_reference& reference,
                             case_figures& figures) const;
  void report(const lookup_case& chosen, const case_figures& figures) const;

  const bench_options& options_;
  fleet_shape shape_;
  std::uint64_t chunks_ = 0;  ///< Of every worker, without the short prompt.
  std::vector<std::uint32_t> short_prompt_;
  std::optional<bench_cluster> cluster_;
};

caf::expected<void> lookup_bench::start() {
  auto cluster = bench_cluster::start(
    options_.folder, {"--pre-caching-hash-algorithm", shape_.hash_algorithm});
  if (!cluster)
    return std::move(cluster.error());
  cluster_ = std::move(*cluster);
  const auto workers = shape_.instances * shape_.ranks;
  chunks_ = options_.memberships / workers;
  short_prompt_ = made_up_prompts{.seed = 3}.tokens(0);
  short_prompt_.resize(short_tokens);
  const auto file = cluster_->folder() / "prompt.json";
  std::ofstream{file} << fmt::format("[{}]", fmt::join(short_prompt_, ","));
  auto added = cluster_->add_worker(
    {"--instances", std::to_string(shape_.instances), "--ranks",
     std::to_string(shape_.ranks), "--fill", std::to_string(chunks_),
     "--prompt", file.string(), "--save-unfull-chunk", "true",
     "--pre-caching-hash-algorithm", shape_.hash_algorithm, "--chunk-bytes",
     "256", "--max-local-cpu-size", workers == 1 ? "1" : "0.01"});
  if (!added)
    return added;
  if (!cluster_->wait_for_keys((chunks_ + 1) * workers, workers))
    return caf::make_error(errc::timed_out, "registration");
  return caf::unit;
}

/// Asks for the beginnings of all whole prompts that the workers hold.
std::vector<std::string> lookup_bench::make_requests(
  const lookup_case& chosen) const {
  const auto encode = [&](const std::vector<std::uint32_t>& prompt) {
    return chosen.is_binary
             ? post_request("/lookup", "application/octet-stream",
                            binary_lookup_body(prompt))
             : post_request("/lookup", "application/json", lookup_body(prompt));
  };
  if (chosen.tokens == short_tokens)
    return {encode(short_prompt_)};
  std::vector<std::string> requests;
  const made_up_prompts source{.chunks_per_prompt = prompt_chunks};
  const auto prompts = std::clamp<std::uint64_t>(chunks_ / prompt_chunks, 1, 8);
  for (std::uint64_t i = 0; i < prompts; ++i) {
    auto prompt = source.tokens(i);
    prompt.resize(chosen.tokens);
    requests.push_back(encode(prompt));
  }
  return requests;
}

caf::expected<void> lookup_bench::measure(const lookup_case& chosen) {
  http_load load;
  load.port = cluster_->http_port();
  load.requests = make_requests(chosen);
  load.connections = chosen.connections;
  load.duration =
    std::chrono::nanoseconds{static_cast<std::int64_t>(options_.seconds * 1e9)};
  load.warm_up = load.duration / 5;
  // An empty layout would mean that nothing was found.
  load.expected = "LocalCPUBackend";
  http_client client{cluster_->client()};
  const auto answer = client.query("/lookup", lookup_body(short_prompt_));
  if (!answer)
    return answer.error();
  const auto reference = http_reference::start(answer->body, http_threads());
  if (!reference)
    return reference.error();
  const noise_meter noise{
    {cluster_->controller().pid(), cluster_->workers().front().pid()}};
  case_figures figures;
  for (std::size_t i = 0; i < options_.repetitions; ++i)
    if (auto done = repeat(load, *reference, figures); !done)
      return done;
  figures.foreign_share = noise.foreign_share();
  report(chosen, figures);
  return caf::unit;
}

/// Measures the controller and the bare server side by side, and the
/// controller's latencies at half of what it reached.
caf::expected<void> lookup_bench::repeat(http_load load,
                                         const http_reference& reference,
                                         case_figures& figures) const {
  const auto pid = cluster_->controller().pid();
  auto cpu_before = process_cpu_seconds(pid);
  const auto closed = run_http_load(load);
  if (!closed)
    return closed.error();
  figures.cpu_us.push_back(
    us_each(process_cpu_seconds(pid) - cpu_before, closed->answers));
  auto limit_load = load;
  limit_load.port = reference.port();
  cpu_before = reference.cpu_seconds();
  const auto limit = run_http_load(limit_load);
  if (!limit)
    return limit.error();
  figures.limit_cpu_us.push_back(
    us_each(reference.cpu_seconds() - cpu_before, limit->answers));
  load.per_second = closed->per_second / 2;
  const auto open = run_http_load(load);
  if (!open)
    return open.error();
  figures.rates.push_back(closed->per_second);
  figures.p50_us.push_back(closed->p50_us);
  figures.p99_us.push_back(closed->p99_us);
  figures.limits.push_back(limit->per_second);
  figures.open_rates.push_back(open->per_second);
  figures.open_p50_us.push_back(open->p50_us);
  figures.open_p99_us.push_back(open->p99_us);
  figures.open_p999_us.push_back(open->p999_us);
  figures.failures += closed->failures + open->failures;
  figures.client_share = std::max(figures.client_share, closed->client_share);
  return caf::unit;
}

void lookup_bench::report(const lookup_case& chosen,
                          const case_figures& x) const {
  const auto share = median(x.rates) / median(x.limits);
  const auto is_noisy =
    x.foreign_share > noisy_share || spread(x.rates) > noisy_spread;
  const auto cpu_share = median(x.limit_cpu_us) / median(x.cpu_us);
  print(fmt::format(
    "  {:>7} {:<6} {:>2}  {:>8.0f} ({:.2f})  {:>7.1f} ({:.2f})  {:>7.0f} "
    "{:>7.0f}  {:>7.0f} {:>7.0f} {:>7.0f}{}{}{}",
    chosen.tokens, chosen.is_binary ? "binary" : "JSON", chosen.connections,
    median(x.rates), share, median(x.cpu_us), cpu_share, median(x.p50_us),
    median(x.p99_us), median(x.open_p50_us), median(x.open_p99_us),
    median(x.open_p999_us),
    x.failures == 0 ? "" : fmt::format("  FAILED {}", x.failures),
    x.client_share > busy_client ? "  client-bound" : "",
    is_noisy ? fmt::format("  NOISY: others {:.0f}%, spread {:.0f}%",
                           100 * x.foreign_share, 100 * spread(x.rates))
             : ""));
  options_.figures->add(
    {{"part", "lookups"},
     {"instances", shape_.instances},
     {"ranks", shape_.ranks},
     {"hash_algorithm", shape_.hash_algorithm},
     {"memberships", options_.memberships},
     {"tokens", chosen.tokens},
     {"encoding", chosen.is_binary ? "binary" : "json"},
     {"connections", chosen.connections},
     {"per_second", x.rates},
     {"bare_server_per_second", x.limits},
     {"share_of_bare_server", share},
     {"cpu_us", x.cpu_us},
     {"bare_server_cpu_us", x.limit_cpu_us},
     {"cpu_share_of_bare_server", cpu_share},
     {"closed_loop", {{"p50_us", x.p50_us}, {"p99_us", x.p99_us}}},
     {"open_loop",
      {{"per_second", x.open_rates},
       {"p50_us", x.open_p50_us},
       {"p99_us", x.open_p99_us},
       {"p999_us", x.open_p999_us}}},
     {"failures", x.failures},
     {"client_share", x.client_share},
     {"foreign_share", x.foreign_share},
     {"is_believable", !is_noisy}});
}

caf::expected<void> bench_fleet(const bench_options& options,
                                fleet_shape shape) {
  print(fmt::format(
    "\nLookups over HTTP, {} memberships, {} x {} workers, {}; in brackets the "
    "share of a bare\nBeast server that answers the same bytes, side by side; "
    "us; open loop at half the rate:",
    options.memberships, shape.instances, shape.ranks, shape.hash_algorithm));
  print(
    "   tokens      conns       /s          CPU us              p50     p99  "
    "    p50     p99   p99.9");
  lookup_bench bench{options, shape};
  if (auto started = bench.start(); !started)
    return started;
  const auto is_default = std::string_view{shape.hash_algorithm} == "builtin";
  for (const auto& each : lookup_cases)
    if (is_default || (each.tokens > short_tokens && each.connections == 1))
      if (auto done = bench.measure(each); !done)
        return done;
  print(fmt::format("  controller's memory: {:.0f} MB",
                    static_cast<double>(bench.controller_bytes()) / 1e6));
  return caf::unit;
}

}  // namespace

caf::expected<void> lookups_part(const bench_options& options) {
  for (const auto shape : {fleet_shape{1, 1}, fleet_shape{64, 8},
                           fleet_shape{64, 8, "sha256_cbor"}})
    if (auto done = bench_fleet(options, shape); !done)
      return done;
  return caf::unit;
}

}  // namespace kvc
