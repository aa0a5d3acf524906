#pragma once

#include <chrono>
#include <ctime>

namespace kvc {

/// Returns the time since this host's boot. The clock never jumps and goes on
/// while the process is stopped or the host sleeps.
inline std::chrono::microseconds boot_clock_now() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<std::chrono::microseconds>(
    std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec});
}

}  // namespace kvc
