#pragma once

#include "actors/worker/cache_engine.hpp"
#include "config/worker_options.hpp"
#include "messages/lookup.hpp"

#include <caf/expected.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// A rank that lives in this process.
struct hosted_rank {
  std::string instance;
  std::uint32_t rank = 0;
  std::uint32_t rank_count = 1;
};

struct worker_node_options {
  worker_options settings;
  std::vector<hosted_rank> ranks;  ///< At least one.

  /// KV cache of one token in one rank, in bytes; positive.
  std::uint64_t bytes_per_token = 16;

  chunk_format format{};  ///< Of a full chunk, if known.

  /// Where to write a journal of all ranks' changes; empty: nowhere.
  std::filesystem::path journal;

  std::chrono::milliseconds stop_patience{5'000};  ///< See stop().
};

/// The ranks of this process. Each has a cache_engine and a worker, which
/// registers with the controller and reports what the engine holds. One link
/// serves all.
class worker_node {
 public:
  /// Starts everything. The controller need not be there. `on_failure` is
  /// called, by any thread, if a worker has died. Fails with invalid_request,
  /// which names the setting, or no_capacity.
  ///
  /// With enable_p2p, UCX needs variables of the environment that may only be
  /// set while the process has one thread. If it has more, set them before or
  /// call prepare_transport() (net/transport/transport_module.hpp) first.
  static caf::expected<std::unique_ptr<worker_node>> start(
    const worker_node_options& options,
    const std::function<void()>& on_failure);

  ~worker_node();  ///< Stops.

  worker_node(const worker_node&) = delete;
  worker_node& operator=(const worker_node&) = delete;

  /// The engines, in the order of the options' ranks; they live as long as
  /// the node.
  std::span<cache_engine* const> engines() const;

  /// Waits until all ranks have registered, for `patience` at most. Returns
  /// whether they have.
  bool wait_until_registered(std::chrono::milliseconds patience) const;

  /// Asks the controller who holds the prefix of `hashes`. Fails with timed_out
  /// after a second, or with not_ready at once while there is no link and after
  /// stop().
  caf::expected<std::vector<prefix_match>> find_prefixes(
    std::span<const std::uint64_t> hashes) const;

  /// Takes another secret for links to come; those that are up stay.
  void set_secret(const std::string& secret);

  /// Writes what the journal still buffers.
  void flush_journal();

  /// Deregisters and ends everything but the engines, which go on without
  /// controller, peers and disk writes: a retrieve() that waits for peers
  /// returns what is here. Chunks that wait for the disk are written for half a
  /// second, then dropped.
  ///
  /// Returns after the options' stop_patience at the latest. What has not ended
  /// by then, because a file system or a peer hangs, goes on ending on a thread
  /// of its own, and keeps the engines' memory and the disks' locks until it
  /// has; the log says so. A process that wants to end nevertheless calls
  /// _exit. Call it from one thread; a second call does nothing.
  void stop();

 private:
  struct parts;

  explicit worker_node(std::shared_ptr<parts> running);

  std::shared_ptr<parts> parts_;  ///< Shared with a stop() that is late.
};

}  // namespace kvc
