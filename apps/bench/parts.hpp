#pragma once

#include "apps/bench/figure_log.hpp"

#include <caf/expected.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace kvc {

/// What every part of the bench is told.
struct bench_options {
  double seconds = 0.3;  ///< Of each measurement of lookups.
  std::uint64_t memberships = 1'000'000;
  std::size_t repetitions = 3;

  // Of the part "replay":
  std::string trace;         ///< A file.
  std::uint32_t copies = 1;  ///< Of each request, with prompts of its own.
  double time_scale = 0.01;  ///< Real seconds per second of the trace.
  std::uint32_t instances = 4;
  std::uint32_t ranks = 2;

  std::filesystem::path folder;     ///< Of the logs.
  std::filesystem::path json_file;  ///< Takes all figures; may be empty.
  std::shared_ptr<figure_log> figures = std::make_shared<figure_log>();
};

/// Writes a line of the table, at once.
void print(const std::string& line);

// What can be asked for by name. Each measures, prints lines of a table and
// adds its figures to those of the options. All fail with unreachable,
// timed_out or connection_lost, and with invalid_request if an answer, a chunk
// or the trace is not what it must be.

/// How fast one worker's reports arrive.
caf::expected<void> ingest_part(const bench_options& options);

/// How fast lookups are answered over HTTP.
caf::expected<void> lookups_part(const bench_options& options);

/// How soon the fleet shows the loss of a worker, its link, the controller.
caf::expected<void> recovery_part(const bench_options& options);

/// How fast chunks travel between processes. Forks, so that it must run while
/// this process has no other threads.
caf::expected<void> transfer_part(const bench_options& options);

/// What compression costs and saves, on one core.
caf::expected<void> codecs_part(const bench_options& options);

/// Replays `options.trace` with a fleet that stores and fetches its prompts,
/// and then asks the controller for the same prompts over HTTP: as fast as it
/// answers, and when the trace's requests came.
caf::expected<void> replay_part(const bench_options& options);

/// How close the index in this process comes to what memory allows.
caf::expected<void> index_part(const bench_options& options);

}  // namespace kvc
