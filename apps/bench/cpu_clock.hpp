#pragma once

#include <cstdint>
#include <vector>

namespace kvc {

/// Nanoseconds that the calling thread has spent on a processor.
std::int64_t thread_cpu_ns();

/// Returns what one call of `thread_cpu_ns` adds to what it measures.
std::int64_t thread_cpu_clock_ns();

/// Nanoseconds of a clock that always runs.
std::int64_t wall_ns();

/// Durations in nanoseconds, to take percentiles of.
class durations {
 public:
  void add(std::int64_t ns) { values_.push_back(ns); }
  void add_all(const durations& x) {
    values_.insert(values_.end(), x.values_.begin(), x.values_.end());
  }
  std::size_t count() const { return values_.size(); }

  /// Returns what `share` of the values do not exceed, in microseconds; 0 if
  /// there are none.
  double percentile_us(double share);

 private:
  std::vector<std::int64_t> values_;
};

/// Returns the middle value. `values` must not be empty.
double median_of(std::vector<double> values);

}  // namespace kvc
