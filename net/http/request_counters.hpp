#pragma once

#include "net/http/metrics_text.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace kvc {

/// A number that one thread raises and any thread reads.
class thread_counter {
 public:
  void add(std::uint64_t more) {  // No read-modify-write: nobody else writes.
    value_.store(value() + more, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one thread has answered on one route.
struct route_counters {
  static constexpr unsigned first_status = 100;

  /// Upper ends of the histogram's buckets, in seconds.
  static constexpr std::array bucket_ends{
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,    0.1,    0.25,    0.5,    1.0,   2.5,    5.0,   10.0, 30.0};

  std::array<thread_counter, 500> by_status;  ///< From first_status on.
  std::array<thread_counter, bucket_ends.size() + 1> by_time;
  thread_counter nanoseconds;
};

/// What one thread has answered.
class lane_counters {
 public:
  /// `routes` is the length of the route table. Requests without a route are
  /// counted behind it.
  explicit lane_counters(std::size_t routes) : routes_(routes + 1) {}

  /// Counts an answer. `route` is the index of the request's route; past the
  /// table if it has none. Called by one thread.
  void count(std::size_t route, unsigned status, std::chrono::nanoseconds took);

  std::span<const route_counters> routes() const { return routes_; }

 private:
  std::vector<route_counters> routes_;
};

/// What an HTTP server counts. Thread-safe.
class request_counters {
 public:
  /// Returns counters for one more lane. They live as long as this object.
  lane_counters& add_lane(std::size_t routes);

  /// How a route is labelled.
  struct route_name {
    std::string method;
    std::string path;
  };

  /// Writes the sums of all lanes. `names` are those of the routes, in order.
  void write(metrics_text& text, std::span<const route_name> names) const;

  std::atomic<std::size_t> connections{0};  ///< Open ones.

 private:
  struct sums;

  std::vector<sums> add_up(std::size_t routes) const;

  mutable std::mutex mutex_;  // Guards what follows.
  std::deque<lane_counters> lanes_;
};

}  // namespace kvc
