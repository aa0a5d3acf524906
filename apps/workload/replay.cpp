#include "apps/workload/replay.hpp"

#include "apps/workload/made_up_chunk.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

namespace kvc {

namespace {

using std::chrono::steady_clock;

// Times the latest timestamp, this is still a time that the clock can show.
constexpr double max_time_scale = 1000;

std::uint64_t dropped_chunks(std::span<const replay_instance> instances) {
  std::uint64_t result = 0;
  for (const auto& instance : instances)
    for (const auto* rank : instance.ranks)
      result += rank->drops();
  return result;
}

/// What came from peers so far.
struct peer_totals {
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;
};

peer_totals from_peers(std::span<const replay_instance> instances) {
  peer_totals result;
  for (const auto& instance : instances)
    for (const auto* rank : instance.ranks) {
      result.chunks += rank->chunks_from_peers();
      result.bytes += rank->bytes_from_peers();
    }
  return result;
}

/// One request's chunks, as one rank has them in its own memory.
struct rank_buffer {
  std::vector<std::byte> bytes;
  std::vector<std::span<std::byte>> chunks;

  void cut(std::size_t tokens, std::size_t chunk_count,
           std::uint64_t chunk_bytes, std::uint64_t bytes_per_token) {
    const auto total =
      std::min(tokens * bytes_per_token, chunk_count * chunk_bytes);
    bytes.resize(std::max<std::size_t>(bytes.size(), total));
    chunks.clear();
    for (std::uint64_t at = 0; at < total; at += chunk_bytes)
      chunks.push_back(
        std::span{bytes}.subspan(at, std::min(chunk_bytes, total - at)));
  }
};

class replayer {
 public:
  replayer(std::span<const replay_instance> instances,
           const replay_options& options, std::stop_token stop)
      : instances_(instances),
        options_(options),
        stop_(std::move(stop)),
        drops_before_(dropped_chunks(instances)),
        from_peers_before_(from_peers(instances)) {}

  caf::expected<replay_totals> run(trace_reader& trace) {
    while (!stop_.stop_requested()) {
      auto request = trace.next();
      if (!request)
        return std::move(request.error());
      if (!*request || !wait_until_due((*request)->timestamp))
        break;
      if (auto done = serve(**request); !done)
        return done.error();
      report_progress();
    }
    return totals();
  }

 private:
  /// Returns false if it was stopped.
  bool wait_until_due(std::chrono::milliseconds timestamp) {
    const auto due =
      start_ + std::chrono::duration_cast<steady_clock::duration>(
                 timestamp * options_.time_scale);
    std::mutex mutex;
    std::condition_variable_any wakeup;
    std::unique_lock lock{mutex};
    while (steady_clock::now() < due && !stop_.stop_requested()) {
      wakeup.wait_until(lock, stop_, std::min(due, next_progress_),
                        [] { return false; });
      report_progress();
    }
    return !stop_.stop_requested();
  }

  caf::expected<void> serve(const trace_request& request) {
    const auto tokens = prompt_tokens(request);
    const auto hashes = options_.hasher->hash_prompt(tokens);
    const auto& instance = instances_[choose(hashes)];
    buffer_.cut(tokens.size(), hashes.size(),
                options_.hasher->chunk_size() * options_.bytes_per_token,
                options_.bytes_per_token);
    for (std::uint32_t rank = 0; rank < instance.ranks.size(); ++rank) {
      auto served = serve_on(*instance.ranks[rank], rank, tokens, hashes);
      if (!served)
        return served;
    }
    ++totals_.requests;
    return caf::unit;
  }

  std::size_t choose(std::span<const std::uint64_t> hashes) {
    const auto routed = options_.route(hashes);
    if (!routed || *routed >= instances_.size())
      return next_turn_++ % instances_.size();
    ++totals_.routed_requests;
    return *routed;
  }

  caf::expected<void> serve_on(cache_engine& engine, std::uint32_t rank,
                               std::span<const std::uint32_t> tokens,
                               std::span<const std::uint64_t> hashes) {
    const auto retrieved = engine.retrieve(tokens, buffer_.chunks);
    if (!retrieved)
      return retrieved.error();
    const auto hits = (*retrieved + options_.hasher->chunk_size() - 1) /
                      options_.hasher->chunk_size();
    for (std::size_t i = 0; i < hashes.size(); ++i) {
      const auto chunk = buffer_.chunks[i];
      if (i >= hits) {
        make_up_chunk(chunk, hashes[i], rank);
        continue;
      }
      totals_.verified_bytes += chunk.size();
      totals_.wrong_bytes += count_wrong_bytes(chunk, hashes[i], rank);
    }
    totals_.chunks += hashes.size();
    totals_.hit_chunks += hits;
    return store(engine, tokens);
  }

  caf::expected<void> store(cache_engine& engine,
                            std::span<const std::uint32_t> tokens) {
    const std::vector<std::span<const std::byte>> chunks(buffer_.chunks.begin(),
                                                         buffer_.chunks.end());
    const auto stored = engine.store(tokens, chunks);
    if (stored) {
      totals_.admitted_chunks += stored->stored;
      totals_.failed_chunks += stored->failed;
    } else if (stored == caf::error{errc::no_capacity}) {
      totals_.failed_chunks += chunks.size();
    } else {
      return stored.error();
    }
    return caf::unit;
  }

  void report_progress() {
    const auto now = steady_clock::now();
    if (now < next_progress_)
      return;
    next_progress_ = now + options_.progress_interval;
    if (options_.on_progress)
      options_.on_progress(totals());
  }

  replay_totals totals() const {
    auto result = totals_;
    result.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
      steady_clock::now() - start_);
    result.evicted_chunks = dropped_chunks(instances_) - drops_before_;
    const auto peers = from_peers(instances_);
    result.peer_chunks = peers.chunks - from_peers_before_.chunks;
    result.peer_bytes = peers.bytes - from_peers_before_.bytes;
    return result;
  }

  std::span<const replay_instance> instances_;
  const replay_options& options_;
  std::stop_token stop_;
  std::uint64_t drops_before_;
  peer_totals from_peers_before_;
  steady_clock::time_point start_ = steady_clock::now();
  steady_clock::time_point next_progress_ = start_ + options_.progress_interval;
  std::size_t next_turn_ = 0;
  rank_buffer buffer_;
  replay_totals totals_;
};

}  // namespace

std::string to_string(const replay_totals& x) {
  const auto share = [](std::uint64_t part, std::uint64_t whole) {
    return whole == 0
             ? 0.0
             : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  };
  return fmt::format(
    "requests={} routed={:.1f}% chunks={} hit={:.1f}% (peers {:.1f}%) "
    "peer_bytes={} admitted={} evicted={} "
    "failed={} verified_bytes={} wrong_bytes={} elapsed={:.1f}s",
    x.requests, share(x.routed_requests, x.requests), x.chunks,
    share(x.hit_chunks, x.chunks), share(x.peer_chunks, x.chunks), x.peer_bytes,
    x.admitted_chunks, x.evicted_chunks, x.failed_chunks, x.verified_bytes,
    x.wrong_bytes, static_cast<double>(x.elapsed.count()) / 1e3);
}

caf::expected<replay_totals> replay(trace_reader& trace,
                                    std::span<const replay_instance> instances,
                                    const replay_options& options,
                                    std::stop_token stop) {
  if (instances.empty() || options.hasher == nullptr || !options.route ||
      options.bytes_per_token == 0 || options.time_scale < 0 ||
      options.time_scale > max_time_scale)
    return caf::make_error(errc::invalid_request, "replay options");
  return replayer{instances, options, std::move(stop)}.run(trace);
}

}  // namespace kvc
