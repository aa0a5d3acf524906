#include "apps/bench/cpu_clock.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>

namespace kvc {

namespace {

std::int64_t now_ns(clockid_t which) {
  timespec now{};
  clock_gettime(which, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::int64_t thread_cpu_ns() { return now_ns(CLOCK_THREAD_CPUTIME_ID); }

std::int64_t thread_cpu_clock_ns() {
  durations times;
  for (int i = 0; i < 1000; ++i) {
    const auto begin = thread_cpu_ns();
    times.add(thread_cpu_ns() - begin);
  }
  return static_cast<std::int64_t>(times.percentile_us(0.5) * 1e3);
}

std::int64_t wall_ns() { return now_ns(CLOCK_MONOTONIC); }

double durations::percentile_us(double share) {
  if (values_.empty())
    return 0;
  const auto last = static_cast<double>(values_.size() - 1);
  const auto position =
    values_.begin() + static_cast<std::ptrdiff_t>(std::ceil(share * last));
  std::nth_element(values_.begin(), position, values_.end());
  return static_cast<double>(*position) / 1e3;
}

double median_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace kvc
