#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace kvc {

/// Logs refused handshakes, with at most one line a second.
class refusal_log {
 public:
  using clock = std::chrono::steady_clock;

  /// Logs a refusal, or only counts it if the last line is less than a second
  /// old.
  void add(std::string_view peer, std::string_view reason);

  /// Logs how many refusals were only counted since the last line, if any.
  void flush();

 private:
  clock::time_point quiet_until_{};
  std::uint64_t suppressed_ = 0;
};

}  // namespace kvc
