#pragma once

#include "messages/random_number.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>

namespace kvc {

/// Sends the process's log lines of `level` and above to stderr.
void start_logging(const std::string& level);

/// Raises the limit of open files as far as the system lets us.
void raise_file_limit();

/// The end of this process: SIGTERM and SIGINT ask for it, with exit code 0.
/// Whatever the process is doing by then, be it still starting, it is over
/// `patience` later at the latest. Make one, before any thread is started.
class process_end {
 public:
  /// Ignores SIGPIPE, too.
  explicit process_end(std::chrono::milliseconds patience);

  /// Asks for it, as SIGTERM does.
  void request() const;

  /// Asks for it because of a failure: the exit code is to be 1.
  void fail() const;

  /// Returns the exit code, once the end was asked for.
  int wait() const;

 private:
  std::shared_ptr<std::atomic<int>> exit_code_;
  std::shared_future<void> is_asked_for_;
};

/// Nanoseconds since the Unix epoch.
std::uint64_t unix_time_ns();

/// Returns the address of this machine that `host` would see, or "127.0.0.1".
std::string local_address_towards(const std::string& host);

}  // namespace kvc
