#include "apps/bench/transfer/transfer_part.hpp"

#include "apps/bench/transfer/transfer.hpp"

#include <spdlog/fmt/fmt.h>
#include <nlohmann/json.hpp>

namespace kvc {

namespace {

void report(const bench_options& options, const transfer_round& round) {
  print(fmt::format("  {:>6} KiB  {:<26}  {:>6}  {:>8}  {:>8}  {:>11}",
                    round.chunk_bytes / 1'024, "way", "GB/s", "x base",
                    "CPU s/GB", "first chunk"));
  for (const auto& x : round.figures) {
    print(fmt::format(
      "  {:>10}  {:<26}  {:>6.2f}  {:>8.2f}  {:>8.3f}  {:>11}", "", x.way, x.gb,
      x.share, x.cpu_per_gb,
      x.first_chunk_us > 0 ? fmt::format("{:.0f} us", x.first_chunk_us) : "-"));
    options.figures->add({{"part", "transfer"},
                          {"chunk_bytes", round.chunk_bytes},
                          {"way", x.way},
                          {"gb", x.gb},
                          {"share_of_base", x.share},
                          {"cpu_per_gb", x.cpu_per_gb},
                          {"first_chunk_us", x.first_chunk_us}});
  }
}

}  // namespace

caf::expected<void> bench_transfer(const bench_options& options) {
  print(
    "\nTransfers of 256 MiB between processes, against memcpy and against a "
    "plain socket:");
  const auto measured = measure_transfer(options.repetitions);
  if (!measured)
    return measured.error();
  for (const auto& round : measured->rounds)
    report(options, round);
  print(fmt::format("  an idle transport: {:.3f} % of a core",
                    measured->idle_cpu * 100));
  return caf::unit;
}

}  // namespace kvc
