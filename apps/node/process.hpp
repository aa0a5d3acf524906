#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kvc {

/// Sends the process's log lines of `level` and above to stderr.
void start_logging(const std::string& level);

/// Raises the limit of open files as far as the system lets us.
void raise_file_limit();

/// Keeps SIGTERM and SIGINT from ending the process, for wait_for_stop_signal;
/// and SIGPIPE altogether. Must come before any thread is started.
void block_signals();

/// Returns when SIGTERM or SIGINT arrived.
void wait_for_stop_signal();

/// Ends the process with `exit_code` if it is still there after `patience`,
/// whatever its threads are doing.
void start_watchdog(std::chrono::milliseconds patience, int exit_code);

/// Returns a random number that differs between processes.
std::uint64_t random_number();

/// Nanoseconds since the Unix epoch.
std::uint64_t unix_time_ns();

/// Returns the address of this machine that `host` would see, or "127.0.0.1".
std::string local_address_towards(const std::string& host);

}  // namespace kvc
