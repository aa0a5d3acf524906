#include "apps/bench/index/index_measure.hpp"

#include "apps/bench/clocks.hpp"
#include "apps/bench/index/index_bound.hpp"
#include "apps/bench/index/index_fleet.hpp"
#include "apps/bench/machine.hpp"
#include "apps/bench/statistics.hpp"

#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <limits>
#include <optional>
#include <random>
#include <thread>

namespace kvc {

namespace {

constexpr std::uint64_t prompt_chunks = 47;
constexpr std::size_t lookups = 20'000;
constexpr std::size_t growth_keys = 64;  ///< Few, to see what each waits for.

/// Blocks that fill the index, small enough that some are always there and
/// large enough that a rank's chunks have left the cache when the next comes.
index_fleet_shape shape_for(std::uint64_t memberships, std::uint32_t holders) {
  index_fleet_shape shape{.instances = 512 / holders, .ranks = holders};
  while (shape.block_chunks > index_fleet::report_keys &&
         shape.block_chunks * holders * 4 > memberships)
    shape.block_chunks /= 2;
  return shape;
}

/// Blocks [oldest, newest) are in the index.
struct resident_window {
  std::uint64_t oldest = 0;
  std::uint64_t newest = 0;
};

/// Evicts the oldest block and admits another; returns changes a second of the
/// core.
double churn_once(index_fleet& fleet, resident_window& window) {
  std::int64_t spent = 0;
  const auto add = [&spent](std::int64_t ns) { spent += ns; };
  fleet.report_block(window.oldest++, false, add);
  fleet.report_block(window.newest++, true, add);
  return 2e9 * static_cast<double>(fleet.reports_per_block()) /
         static_cast<double>(spent);
}

/// Looks at the clock for so long, and returns the longest gap.
double longest_pause_us(std::int64_t ns) {
  const auto begin = thread_cpu_ns();
  std::int64_t longest = 0;
  for (auto last = begin; last - begin < ns;) {
    const auto now = thread_cpu_ns();
    longest = std::max(longest, now - last);
    last = now;
  }
  return static_cast<double>(longest) / 1e3;
}

/// Fills a new fleet; returns what its reports took while the table grew.
durations fill(index_fleet& fleet, resident_window& window,
               std::uint64_t memberships) {
  durations times;
  for (; (window.newest + 1) * fleet.reports_per_block() <= memberships;
       ++window.newest)
    fleet.report_block(
      window.newest, true, [&times](std::int64_t ns) { times.add(ns); },
      growth_keys);
  return times;
}

/// Reports half of the time until destroyed: chunks of the oldest quarter
/// leave while others come, and then the other way round.
class half_speed_reporter {
 public:
  half_speed_reporter(index_fleet& fleet, resident_window window)
      : fleet_(fleet), window_(window), thread_([this] { run(); }) {}
  half_speed_reporter(const half_speed_reporter&) = delete;
  half_speed_reporter& operator=(const half_speed_reporter&) = delete;
  ~half_speed_reporter() {
    is_done_ = true;
    thread_.join();
  }

 private:
  void run() {
    const auto size =
      std::max<std::uint64_t>(1, (window_.newest - window_.oldest) / 4) *
      fleet_.shape().block_chunks;
    for (bool is_forth = true; !is_done_; is_forth = !is_forth) {
      for (std::uint64_t at = 0; at < size && !is_done_;
           at += index_fleet::report_keys)
        move(at, is_forth);
    }
  }

  void move(std::uint64_t at, bool is_forth) {
    const auto block_chunks = fleet_.shape().block_chunks;
    for (const auto begin : {window_.oldest, window_.newest}) {
      const auto first = begin * block_chunks + at;
      const auto keys = index_fleet::hashes(first, index_fleet::report_keys);
      const auto worker = fleet_.first_worker(first / block_chunks);
      for (std::uint32_t rank = 0; rank < fleet_.shape().ranks; ++rank)
        std::this_thread::sleep_for(std::chrono::nanoseconds{fleet_.report(
          worker + rank, (begin == window_.newest) == is_forth, keys)});
    }
  }

  index_fleet& fleet_;
  const resident_window window_;
  std::atomic<bool> is_done_{false};
  std::thread thread_;
};

/// Returns what one call of `thread_cpu_ns` adds to what it measures.
std::int64_t thread_cpu_clock_ns() {
  durations times;
  for (int i = 0; i < 1000; ++i) {
    const auto begin = thread_cpu_ns();
    times.add(thread_cpu_ns() - begin);
  }
  return static_cast<std::int64_t>(times.percentile_us(0.5) * 1e3);
}

/// Asks for random prompts among the newest half of the blocks.
class prompt_asker {
 public:
  prompt_asker(index_fleet& fleet, resident_window window)
      : fleet_(fleet), window_(window) {}

  void ask() {
    const auto blocks =
      std::max<std::uint64_t>(1, (window_.newest - window_.oldest) / 2);
    const auto& shape = fleet_.shape();
    const auto first =
      (window_.newest - 1 - random_() % blocks) * shape.block_chunks +
      random_() % (shape.block_chunks - prompt_chunks);
    const auto hashes = index_fleet::hashes(first, prompt_chunks);
    const auto wall = wall_ns();
    const auto cpu = thread_cpu_ns();
    const auto found = fleet_.lookups().find_prefixes(hashes, "");
    cpu_times.add(thread_cpu_ns() - cpu - clock_ns_);
    wall_times.add(wall_ns() - wall);
    if (found.views.size() != 1 || found.views.front().chunks != prompt_chunks)
      ++failures;
  }

  durations cpu_times;
  durations wall_times;
  std::uint64_t failures = 0;

 private:
  index_fleet& fleet_;
  const resident_window window_;
  const std::int64_t clock_ns_ = thread_cpu_clock_ns();
  std::mt19937_64 random_{1};
};

/// One chunk has one holder there, and nobody reports.
struct quiet_fleet {
  quiet_fleet(std::uint64_t memberships, std::uint32_t workers)
      : fleet({.instances = workers,
               .block_chunks =
                 std::max(memberships / 512 / index_fleet::report_keys,
                          std::uint64_t{1}) *
                 index_fleet::report_keys}) {
    resident_window window;
    fill(fleet, window, memberships);
    asker.emplace(fleet, window);
  }

  index_fleet fleet;
  std::optional<prompt_asker> asker;
};

index_speed measure_speed(index_fleet& fleet, resident_window& window,
                          std::size_t repetitions) {
  std::vector<double> changes;
  std::vector<double> bounds;
  index_bound bound{fleet.lookups().status().bytes};
  for (std::size_t i = 0; i <= repetitions; ++i) {
    const auto limit = bound.updates_per_second();
    const auto speed = churn_once(fleet, window);
    if (i == 0)
      continue;  // Warms up.
    bounds.push_back(limit);
    changes.push_back(speed);
  }
  index_speed result;
  result.changes_per_second = median(changes);
  result.bound_per_second = median(bounds);
  const auto [slowest, fastest] =
    std::minmax_element(bounds.begin(), bounds.end());
  result.bound_spread = *fastest / *slowest;
  return result;
}

index_lookup_times measure_lookups(index_fleet& fleet, resident_window window) {
  index_lookup_times result;
  {
    const index_bound bound{fleet.lookups().status().bytes};
    result.bound = bound.read_us(prompt_chunks);
  }
  prompt_asker asker{fleet, window};
  const half_speed_reporter reporter{fleet, window};
  for (std::size_t i = 0; i < lookups; ++i)
    asker.ask();
  result.cpu_p50 = asker.cpu_times.percentile_us(0.5);
  result.cpu_p99 = asker.cpu_times.percentile_us(0.99);
  result.wall_p50 = asker.wall_times.percentile_us(0.5);
  result.wall_p99 = asker.wall_times.percentile_us(0.99);
  result.failures = asker.failures;
  return result;
}

}  // namespace

index_figures measure_index(std::uint64_t memberships, std::uint32_t holders,
                            std::size_t repetitions) {
  const auto before = resident_bytes(getpid());
  index_fleet fleet{shape_for(memberships, holders)};
  resident_window window;
  const auto before_growth = thread_cpu_ns();
  auto growth = fill(fleet, window, memberships);
  const auto growth_ns = thread_cpu_ns() - before_growth;
  const auto resident = resident_bytes(getpid()) - before;
  const auto held = window.newest * fleet.reports_per_block();
  index_figures result;
  result.speed = measure_speed(fleet, window, repetitions);
  result.speed.resident_bytes =
    static_cast<double>(resident) / static_cast<double>(held);
  result.speed.report_p999_us = growth.percentile_us(0.999);
  result.speed.report_max_us = growth.percentile_us(1);
  result.speed.pause_max_us = longest_pause_us(growth_ns);
  result.lookups = measure_lookups(fleet, window);
  return result;
}

index_crowding measure_crowding(std::uint64_t memberships) {
  quiet_fleet alone{memberships, 1};
  quiet_fleet crowd{memberships, 512};
  constexpr std::size_t turns = 20;
  for (std::size_t turn = 0; turn < turns; ++turn)
    for (auto* each : {&alone, &crowd})
      for (std::size_t i = 0; i < lookups / turns; ++i)
        each->asker->ask();
  return {alone.asker->cpu_times.percentile_us(0.5),
          crowd.asker->cpu_times.percentile_us(0.5)};
}

index_forgetting measure_forgetting(std::uint64_t memberships) {
  constexpr std::uint64_t forgotten = 1'000'000 / index_fleet::report_keys + 1;
  index_fleet fleet{
    {.instances = 2, .block_chunks = forgotten * index_fleet::report_keys}};
  for (std::uint64_t block = 0;
       block == 0 || (block + 1) * fleet.reports_per_block() <= memberships;
       block += block == 0 ? 1 : 2)
    fleet.report_block(block, true, [](std::int64_t) {});
  const auto first = index_fleet::hashes(0, prompt_chunks);
  index_forgetting result;
  const auto begin = wall_ns();
  fleet.index().close_generation(fleet.generation(0));
  const auto is_gone = fleet.lookups().find_prefixes(first, "").views.empty();
  result.invisible_us = is_gone ? static_cast<double>(wall_ns() - begin) / 1e3
                                : std::numeric_limits<double>::infinity();
  durations reports;
  durations steps;
  std::int64_t swept = 0;
  prompt_asker asker{fleet, {1, 2}};
  const auto begin_at = 2 * fleet.shape().block_chunks;
  for (std::uint64_t i = 0;; ++i) {
    const auto keys =
      index_fleet::hashes((begin_at + i * 128) | 1U << 31U, 128);
    reports.add(fleet.report(1, true, keys));
    reports.add(fleet.report(1, false, keys));
    asker.ask();
    const auto start = thread_cpu_ns();
    const auto has_more = fleet.index().sweep(4096);
    steps.add(thread_cpu_ns() - start);
    swept += thread_cpu_ns() - start;
    if (!has_more)
      break;
  }
  result.report_p999_us = reports.percentile_us(0.999);
  result.lookup_p999_us = asker.cpu_times.percentile_us(0.999);
  result.sweep_p999_us = steps.percentile_us(0.999);
  result.swept_ms = static_cast<double>(swept) / 1e6;
  return result;
}

}  // namespace kvc
