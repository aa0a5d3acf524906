#pragma once

#include "actors/worker/cache_engine.hpp"
#include "apps/workload/trace.hpp"

#include <caf/expected.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace kvc {

/// A serving instance to replay on. All its ranks have the same settings.
struct replay_instance {
  std::string name;
  std::vector<cache_engine*> ranks;  ///< Not null, by rank.
};

/// What a replay has done so far. Chunks and bytes count once for each rank.
struct replay_totals {
  std::uint64_t requests = 0;
  std::uint64_t routed_requests = 0;  ///< By prefix; the others took turns.
  std::uint64_t chunks = 0;           ///< Asked for.
  std::uint64_t hit_chunks = 0;       ///< Found and retrieved.
  std::uint64_t peer_chunks = 0;      ///< Hits that were fetched from peers.
  std::uint64_t peer_bytes = 0;       ///< Of the same chunks.
  std::uint64_t admitted_chunks = 0;  ///< By store calls.
  std::uint64_t evicted_chunks = 0;   ///< From any location, or cleared.
  std::uint64_t failed_chunks = 0;    ///< Not stored: all else was in use.
  std::uint64_t verified_bytes = 0;
  std::uint64_t wrong_bytes = 0;  ///< Of the verified ones; must stay 0.
  std::chrono::milliseconds elapsed{0};
};

/// Writes the totals as one line for people.
std::string to_string(const replay_totals& totals);

/// Returns the index of the instance that holds the longest prefix of `hashes`;
/// nothing if none does.
using route_function =
  std::function<std::optional<std::size_t>(std::span<const std::uint64_t>)>;

struct replay_options {
  const prompt_hasher* hasher = nullptr;  ///< As the engines'; required.
  std::uint64_t bytes_per_token = 0;      ///< As the engines'; positive.

  /// Real seconds per second of the trace, up to 1000; 0 is as fast as
  /// possible.
  double time_scale = 0;

  route_function route;
  std::function<void(const replay_totals&)> on_progress;  ///< Optional.
  std::chrono::milliseconds progress_interval{2'000};     ///< Positive.
};

/// Runs the requests of `trace` one after the other. Each goes to the instance
/// that `route` names, or else to the next one in turn. There every rank
/// retrieves what it holds, checks it byte for byte, and stores what is
/// missing. Returns at the end of the trace or soon after a stop is requested.
/// Nobody else may store in these engines meanwhile. Fails with invalid_request
/// if there is no instance, the trace is broken or the engines have other
/// options.
caf::expected<replay_totals> replay(trace_reader& trace,
                                    std::span<const replay_instance> instances,
                                    const replay_options& options,
                                    std::stop_token stop);

}  // namespace kvc
