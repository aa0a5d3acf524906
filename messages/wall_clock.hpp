#pragma once

#include <chrono>
#include <cstdint>

namespace kvc {

/// Returns the milliseconds since the Unix epoch: the time that answers show.
/// The clock may jump; deadlines come from the actors' clock.
inline std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
           std::chrono::system_clock::now().time_since_epoch())
    .count();
}

}  // namespace kvc
