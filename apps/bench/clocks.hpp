#pragma once

#include <cstdint>
#include <ctime>

namespace kvc {

/// Nanoseconds that the calling thread has spent on a processor.
std::int64_t thread_cpu_ns();

/// Nanoseconds of a clock that always runs.
std::int64_t wall_ns();

/// Returns what a clock shows, in seconds; 0 if there is no such clock.
double seconds_of(clockid_t clock);

/// Returns the processor time that process `pid` has used so far, in seconds;
/// 0 if there is none.
double process_cpu_seconds(int pid);

}  // namespace kvc
