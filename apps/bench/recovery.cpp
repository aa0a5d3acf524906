#include "apps/bench/recovery.hpp"

#include "apps/bench/lookup_load.hpp"
#include "apps/node/fill.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <chrono>
#include <functional>

namespace kvc {

namespace {

using clock = std::chrono::steady_clock;
using milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::chrono::seconds patience{60};
constexpr std::uint64_t victim_chunks = 64;

/// Returns how long it takes until `is_true`, or nothing after the patience.
std::optional<double> time_until(const std::function<bool()>& is_true) {
  const auto begin = clock::now();
  while (clock::now() - begin < patience) {
    if (is_true())
      return milliseconds{clock::now() - begin}.count();
  }
  return std::nullopt;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

caf::error timed_out(const char* what) {
  return caf::make_error(errc::timed_out, what);
}

/// Kills a small worker until lookups no longer show it.
caf::expected<double> kill_worker(bench_cluster& cluster,
                                  std::uint64_t memberships) {
  if (const auto added = cluster.add_worker(
        {"--lmcache-instance-id", "victim", "--fill",
         std::to_string(victim_chunks), "--fill-seed", "2", "--chunk-bytes",
         "256", "--max-local-cpu-size", "0.1"});
      !added)
    return added.error();
  if (!cluster.wait_for_keys(memberships + victim_chunks, 2))
    return timed_out("the victim's registration");
  http_client http{cluster.client()};
  auto prompt = made_up_prompts{.seed = 2}.tokens(0);
  prompt.resize(256);
  const auto body = lookup_body(prompt);
  const auto shows_victim = [&] {
    const auto reply = http.post("/lookup", body);
    return !reply || reply->body.find("victim") != std::string::npos;
  };
  if (!shows_victim())
    return timed_out("the victim's chunks");
  cluster.workers().back().send(9);
  const auto gone = time_until([&] { return !shows_victim(); });
  cluster.workers().pop_back();
  if (!gone)
    return timed_out("the victim's disappearance");
  return *gone;
}

/// Kills the controller until all memberships are back.
caf::expected<double> kill_controller(bench_cluster& cluster,
                                      std::uint64_t memberships) {
  if (const auto restarted = cluster.restart_controller(); !restarted)
    return restarted.error();
  http_client http{cluster.client()};
  if (!time_until([&] { return bool{http.get("/healthz")}; }))
    return timed_out("the controller's port");
  const auto begin = clock::now();
  if (!cluster.wait_for_keys(memberships, 1))
    return timed_out("the memberships' return");
  return milliseconds{clock::now() - begin}.count();
}

}  // namespace

caf::expected<recovery_times> measure_recovery(
  const std::filesystem::path& folder, std::uint64_t memberships,
  std::size_t repetitions) {
  auto cluster = bench_cluster::start(folder);
  if (!cluster)
    return std::move(cluster.error());
  if (const auto added = cluster->add_worker(
        {"--fill", std::to_string(memberships), "--chunk-bytes", "256"});
      !added)
    return added.error();
  if (!cluster->wait_for_keys(memberships, 1))
    return timed_out("the first registration");
  std::vector<double> worker_times;
  std::vector<double> controller_times;
  for (std::size_t i = 0; i < repetitions; ++i) {
    auto gone = kill_worker(*cluster, memberships);
    if (!gone)
      return std::move(gone.error());
    worker_times.push_back(*gone);
    auto back = kill_controller(*cluster, memberships);
    if (!back)
      return std::move(back.error());
    controller_times.push_back(*back);
  }
  return recovery_times{median(worker_times), median(controller_times)};
}

}  // namespace kvc
