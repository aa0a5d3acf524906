#include "apps/bench/index/index_measure.hpp"
#include "apps/bench/parts.hpp"
#include "messages/counted.hpp"

#include <spdlog/fmt/fmt.h>

#include <nlohmann/json.hpp>

#include <array>

namespace kvc {

namespace {

constexpr double noisy = 1.25;  ///< A bound that varies more is not believed.

struct holders_figures {
  std::uint32_t holders = 0;
  index_figures figures;
};

struct all_figures {
  std::array<holders_figures, 2> tables;
  index_crowding crowding;
  index_forgetting forgetting;
};

nlohmann::ordered_json to_json(const all_figures& all,
                               std::uint64_t memberships) {
  nlohmann::ordered_json result{{"part", "index"},
                                {"memberships", memberships}};
  for (const auto& [holders, x] : all.tables)
    result["tables"].push_back(
      {{"holders", holders},
       {"changes_per_second", x.speed.changes_per_second},
       {"bound_per_second", x.speed.bound_per_second},
       {"bound_spread", x.speed.bound_spread},
       {"resident_bytes", x.speed.resident_bytes},
       {"growth_report_p999_us", x.speed.report_p999_us},
       {"growth_report_max_us", x.speed.report_max_us},
       {"machine_pause_max_us", x.speed.pause_max_us},
       {"lookup_cpu_p50_us", x.lookups.cpu_p50},
       {"lookup_cpu_p99_us", x.lookups.cpu_p99},
       {"lookup_wall_p50_us", x.lookups.wall_p50},
       {"lookup_wall_p99_us", x.lookups.wall_p99},
       {"lookup_bound_us", x.lookups.bound},
       {"lookup_failures", x.lookups.failures}});
  result["lookup_alone_us"] = all.crowding.alone_us;
  result["lookup_among_512_us"] = all.crowding.crowd_us;
  const auto& f = all.forgetting;
  result["forgetting"] = {{"invisible_us", f.invisible_us},
                          {"report_p999_us", f.report_p999_us},
                          {"lookup_p999_us", f.lookup_p999_us},
                          {"sweep_p999_us", f.sweep_p999_us},
                          {"swept_ms", f.swept_ms}};
  return result;
}

std::string describe(std::uint32_t holders, const index_figures& figures) {
  const auto& speed = figures.speed;
  const auto& lookups = figures.lookups;
  return fmt::format(
    "  {} a chunk\n"
    "    admits and evicts  {:>6.2f} million /s and core, {:.2f} of the bound "
    "({:.2f}){}\n"
    "    resident           {:>6.2f} bytes a membership\n"
    "    64 keys, growing   {:>6.0f} us p99.9, {:.0f} us at most (core's "
    "time; a loop that does nothing pauses {:.0f} us)\n"
    "    lookup, 47 chunks  {:>6.2f} us p50, {:.2f} us p99 (core's time; wall "
    "{:.2f}, {:.2f}; bound {:.2f}){}\n",
    counted(holders, "holder"), speed.changes_per_second / 1e6,
    speed.changes_per_second / speed.bound_per_second,
    speed.bound_per_second / 1e6,
    speed.bound_spread > noisy
      ? fmt::format("  NOISY: the bound varies {:.2f}-fold", speed.bound_spread)
      : "",
    speed.resident_bytes, speed.report_p999_us, speed.report_max_us,
    speed.pause_max_us, lookups.cpu_p50, lookups.cpu_p99, lookups.wall_p50,
    lookups.wall_p99, lookups.bound,
    lookups.failures == 0 ? "" : fmt::format("  FAILED {}", lookups.failures));
}

std::string to_text(const all_figures& all) {
  std::string result;
  for (const auto& [holders, figures] : all.tables)
    result += describe(holders, figures);
  const auto& f = all.forgetting;
  return result +
         fmt::format(
           "  lookup, 47 chunks, 1 worker {:.2f} us, one of 512 workers {:.2f} "
           "us: {:.2f}-fold\n"
           "  forgetting a worker with 1 million: invisible after {:.1f} us; "
           "meanwhile p99.9 of a report {:.0f} us, of a lookup {:.0f} us, of a "
           "step {:.0f} us; {:.0f} ms in all",
           all.crowding.alone_us, all.crowding.crowd_us,
           all.crowding.crowd_us / all.crowding.alone_us, f.invisible_us,
           f.report_p999_us, f.lookup_p999_us, f.sweep_p999_us, f.swept_ms);
}

}  // namespace

caf::expected<void> index_part(const bench_options& options) {
  print(fmt::format("\nThe index in this process, {} memberships:",
                    options.memberships));
  all_figures all;
  all.tables[0].holders = 1;
  all.tables[1].holders = 8;
  for (auto& table : all.tables)
    table.figures =
      measure_index(options.memberships, table.holders, options.repetitions);
  const auto fleet = std::min<std::uint64_t>(options.memberships, 20'000'000);
  all.crowding = measure_crowding(fleet);
  all.forgetting = measure_forgetting(fleet);
  options.figures->add(to_json(all, options.memberships));
  print(to_text(all));
  return caf::unit;
}

}  // namespace kvc
