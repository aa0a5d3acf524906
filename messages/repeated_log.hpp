#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace kvc {

/// Turns what happens again and again into few lines: one when it begins, and
/// one with a count when it has not happened for a while. What happened only
/// once has no second line. Thread-safe.
class repeated_log {
 public:
  using clock = std::chrono::steady_clock;
  using writer = std::function<void(const std::string& line)>;

  /// So long after the last time it counts as over.
  static constexpr std::chrono::seconds quiet{10};

  /// More facts than this at a time are counted as one.
  static constexpr std::size_t max_facts = 64;

  explicit repeated_log(writer write) : write_(std::move(write)) {}

  /// Notes that `fact` happened. Writes "fact details" if it begins with this.
  void add(std::string_view fact, std::string_view details,
           clock::time_point now);

  /// Writes what is over.
  void settle(clock::time_point now);

  /// Writes what is not over as well, because nothing follows.
  void end() { settle(clock::time_point::max()); }

 private:
  struct run {
    std::uint64_t count = 0;
    clock::time_point last{};
  };

  void settle_locked(clock::time_point now);

  std::mutex mutex_;
  writer write_;
  std::map<std::string, run, std::less<>> runs_;
};

/// Logs a warning that a peer, a client or a lasting condition can repeat
/// without bound. `fact` is all that tells one such condition from others:
/// "link: refused reason=...". The whole process has one repeated_log.
void warn_repeated(std::string_view fact, std::string_view details = {});

/// Logs which repeated warnings are over. Called now and then, by whoever has a
/// timer that always runs.
void settle_repeated();

/// Logs how often the others came. Called at the end of the process.
void end_repeated();

}  // namespace kvc
