#pragma once

#include <cstdint>
#include <vector>

namespace kvc {

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

/// Returns the middle one. `values` must not be empty.
double median(std::vector<double> values);

}  // namespace kvc
