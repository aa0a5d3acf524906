#include "apps/bench/cluster.hpp"
#include "apps/bench/parts.hpp"
#include "apps/bench/recovery/lookup_watch.hpp"
#include "apps/bench/recovery/tcp_forwarder.hpp"
#include "apps/bench/recovery/victim.hpp"
#include "apps/bench/statistics.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <thread>

namespace kvc {

namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{60};
constexpr std::chrono::seconds cut_duration{1};

/// How long the fleet needs to show what happened to it, in milliseconds. Each
/// is the median of several times.
struct recovery_times {
  double worker_gone_ms = 0;   ///< From kill -9 to a lookup without it.
  double stopped_gone_ms = 0;  ///< From SIGSTOP to a lookup without it.
  double continued_ms = 0;     ///< From SIGCONT to a lookup with all it holds.
  double healed_ms = 0;        ///< The same, from the end of a cut of its link.
  std::size_t resumed = 0;     ///< Cuts that cost no full sync.

  /// From listening to all memberships counted.
  double controller_back_ms = 0;

  std::size_t lookups = 0;    ///< Answered in that time, in all repetitions.
  double lookup_p999_us = 0;  ///< Of them, as the client saw it.
  double lookup_cpu_p999_us = 0;  ///< Of the controller's processor.
};

caf::error timed_out(const char* what) {
  return caf::make_error(errc::timed_out, what);
}

/// What was measured, one entry per repetition.
struct series {
  std::vector<double> worker_gone;
  std::vector<double> stopped_gone;
  std::vector<double> continued;
  std::vector<double> healed;
  std::vector<double> controller_back;
  lookup_watch::times meanwhile;
  std::size_t resumed = 0;
};

/// Appends the time to `times`, or returns the error.
caf::error note(std::vector<double>& times,
                caf::expected<victim::milliseconds> time) {
  if (!time)
    return std::move(time.error());
  times.push_back(time->count());
  return caf::none;
}

caf::error stop_and_kill_worker(bench_cluster& cluster,
                                std::uint64_t memberships, series& all) {
  const auto worker = victim::start(cluster, memberships, cluster.link_port());
  if (!worker)
    return worker.error();
  auto& target = **worker;
  target.send(SIGSTOP);
  if (auto failed = note(all.stopped_gone, target.wait_until_gone()))
    return failed;
  target.send(SIGCONT);
  if (auto failed = note(all.continued, target.wait_until_back()))
    return failed;
  target.send(SIGKILL);
  return note(all.worker_gone, target.wait_until_gone());
}

caf::error cut_link(bench_cluster& cluster, std::uint64_t memberships,
                    series& all) {
  const auto link = tcp_forwarder::start(cluster.link_port());
  if (!link)
    return link.error();
  const auto worker = victim::start(cluster, memberships, (*link)->port());
  if (!worker)
    return worker.error();
  auto& target = **worker;
  const auto registered = target.registration_time();
  const auto begin = clock::now();
  (*link)->cut();
  if (const auto gone = target.wait_until_gone(); !gone)
    return gone.error();
  std::this_thread::sleep_until(begin + cut_duration);
  if (const auto healed = (*link)->heal(); !healed)
    return healed.error();
  if (auto failed = note(all.healed, target.wait_until_back()))
    return failed;
  if (registered != 0 && target.registration_time() == registered)
    ++all.resumed;
  return caf::none;
}

/// Kills the controller until all memberships are back.
caf::error kill_controller(bench_cluster& cluster, std::uint64_t memberships,
                           series& all) {
  if (const auto restarted = cluster.restart_controller(); !restarted)
    return restarted.error();
  http_client http{cluster.client()};
  const auto restarted = clock::now();
  while (!http.get("/healthz"))
    if (clock::now() - restarted > patience)
      return timed_out("the controller's port");
  const auto begin = clock::now();
  lookup_watch lookups{cluster.client(), cluster.controller().pid()};
  const auto is_back = cluster.wait_for_keys(memberships, 1);
  const victim::milliseconds time{clock::now() - begin};
  lookups.stop(all.meanwhile);
  return is_back ? note(all.controller_back, time)
                 : timed_out("the memberships' return");
}

/// Stops, cuts off and kills a worker and kills the controller, `repetitions`
/// times each, with `memberships` in one other worker. Logs go to `folder`.
/// Fails with unreachable or timed_out.
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
  series all;
  for (std::size_t i = 0; i < repetitions; ++i)
    for (const auto step : {stop_and_kill_worker, cut_link, kill_controller})
      if (auto failed = step(*cluster, memberships, all))
        return failed;
  return recovery_times{median(all.worker_gone),
                        median(all.stopped_gone),
                        median(all.continued),
                        median(all.healed),
                        all.resumed,
                        median(all.controller_back),
                        all.meanwhile.wall.count(),
                        all.meanwhile.wall.percentile_us(0.999),
                        all.meanwhile.server_cpu.percentile_us(0.999)};
}

}  // namespace

caf::expected<void> recovery_part(const bench_options& options) {
  print(fmt::format("\nRecovery, {} memberships:", options.memberships));
  const auto times =
    measure_recovery(options.folder, options.memberships, options.repetitions);
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

}  // namespace kvc
