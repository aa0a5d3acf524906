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
};

/// The ranks of this process. Each has a cache_engine and a worker, which
/// registers with the controller and reports what the engine holds. One link
/// serves all.
class worker_node {
 public:
  /// Starts everything. The controller need not be there. `on_failure` is
  /// called, by any thread, if a worker has died. Fails with invalid_request or
  /// no_capacity.
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
  /// after a second, or with not_ready at once while there is no link.
  caf::expected<std::vector<prefix_match>> find_prefixes(
    std::span<const std::uint64_t> hashes) const;

  /// Takes another secret for links to come; those that are up stay.
  void set_secret(const std::string& secret);

  /// Writes what the journal still buffers.
  void flush_journal();

  /// Deregisters and ends everything but the engines.
  void stop();

 private:
  struct parts;

  explicit worker_node(std::unique_ptr<parts> running);

  std::unique_ptr<parts> parts_;
};

}  // namespace kvc
