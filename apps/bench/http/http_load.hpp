#pragma once

#include <caf/expected.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace kvc {

/// Requests that one thread sends in turn over some connections.
struct http_load {
  std::uint16_t port = 0;             ///< On 127.0.0.1.
  std::vector<std::string> requests;  ///< Head and body; at least one.
  std::size_t connections = 1;
  std::chrono::nanoseconds warm_up{0};  ///< Before what is measured.
  std::chrono::nanoseconds duration{0};

  /// Closed loop if 0: each connection sends when it has its answer. Else an
  /// open loop: requests are due at random times of this mean rate, whether or
  /// not earlier ones are answered, and each one's latency begins when it was
  /// due. Equal loads have equal times.
  double per_second = 0;

  /// If there are any: an open loop whose requests are due at these times after
  /// the beginning, in rising order.
  std::vector<std::chrono::nanoseconds> due_times;

  /// Part of every good answer, besides the status 200.
  std::string expected;
};

/// What a load came to, without its warm-up.
struct http_load_result {
  double per_second = 0;
  std::size_t answers = 0;  ///< With those of the warm-up.
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  std::uint64_t failures = 0;  ///< Answers that are not good, or late by 10 s.
  double client_share = 0;     ///< Of the time that the sender computed.
};

/// Sends the load, on the calling thread. Fails with unreachable or
/// connection_lost.
caf::expected<http_load_result> run_http_load(const http_load& load);

}  // namespace kvc
