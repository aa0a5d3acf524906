#pragma once

#include <algorithm>
#include <chrono>

namespace kvc {

/// Returns the time from `now` to `deadline`, but at least a millisecond: a
/// request needs a positive timeout.
inline std::chrono::milliseconds time_left(
  std::chrono::steady_clock::time_point deadline,
  std::chrono::steady_clock::time_point now) {
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline - now),
                  std::chrono::milliseconds{1});
}

}  // namespace kvc
