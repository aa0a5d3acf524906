#pragma once

#include "messages/random_number.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kvc {

/// The form of log lines for spdlog: the time in ISO 8601, with its offset from
/// UTC, then the level.
inline constexpr auto* log_pattern = "%Y-%m-%dT%H:%M:%S.%e%z %^%l%$ %v";

/// Sends the process's log lines of `level` and above to stderr.
void start_logging(const std::string& level);

/// Raises the limit of open files as far as the system lets us.
void raise_file_limit();

/// The end of this process. SIGTERM and SIGINT ask for it, with exit code 0.
/// The process is over `patience` later at the latest, whatever it is doing.
/// SIGHUP ends nothing. Make one, before any thread is started.
class process_end {
 public:
  /// Ignores SIGPIPE, too.
  explicit process_end(std::chrono::milliseconds patience);

  /// Asks for the end, as SIGTERM does.
  void request() const;

  /// Asks for the end because of a failure: the exit code will be 1.
  void fail() const;

  /// Waits until somebody asks for the end, and calls `reload` meanwhile for
  /// every SIGHUP, or once for several. Returns the exit code.
  int wait(const std::function<void()>& reload) const;

 private:
  struct signals;

  std::shared_ptr<signals> signals_;
};

/// Returns the nanoseconds since the Unix epoch.
std::uint64_t unix_time_ns();

}  // namespace kvc
