#include "apps/bench/clocks.hpp"

namespace kvc {

namespace {

std::int64_t now_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

std::int64_t thread_cpu_ns() { return now_ns(CLOCK_THREAD_CPUTIME_ID); }

std::int64_t wall_ns() { return now_ns(CLOCK_MONOTONIC); }

double seconds_of(clockid_t clock) {
  return static_cast<double>(now_ns(clock)) / 1e9;
}

double process_cpu_seconds(int pid) {
  clockid_t clock{};
  return clock_getcpuclockid(pid, &clock) == 0 ? seconds_of(clock) : 0;
}

}  // namespace kvc
