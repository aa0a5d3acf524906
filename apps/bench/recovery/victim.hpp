#pragma once

#include "apps/bench/cluster.hpp"

#include <chrono>

namespace kvc {

/// A small worker that is stopped, cut off and killed. It is the last one of
/// its cluster and ends with this object.
class victim {
 public:
  using milliseconds = std::chrono::duration<double, std::milli>;

  /// Starts it beside another worker of `memberships`, linked to `link_port`,
  /// and waits until lookups show all its chunks. Fails with unreachable or
  /// timed_out.
  static caf::expected<std::unique_ptr<victim>> start(bench_cluster& cluster,
                                                      std::uint64_t memberships,
                                                      std::uint16_t link_port);

  victim(const victim&) = delete;
  victim& operator=(const victim&) = delete;
  ~victim();

  void send(int signal);

  /// Returns how long it takes until lookups show nothing of it. Fails with
  /// timed_out.
  caf::expected<milliseconds> wait_until_gone();

  /// Returns how long it takes until lookups show all its chunks. Fails with
  /// timed_out.
  caf::expected<milliseconds> wait_until_back();

  /// Returns when it registered; 0 if the controller does not know it. A worker
  /// that resumes does not register again.
  double registration_time();

 private:
  explicit victim(bench_cluster& cluster);

  /// Returns how many tokens of what `body` asks for it has; nothing if the
  /// controller does not answer.
  std::optional<std::uint64_t> matched(const std::string& body);

  bench_cluster& cluster_;
  http_client http_;
  std::string one_chunk_;
  std::string all_chunks_;
};

}  // namespace kvc
