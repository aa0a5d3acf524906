#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace kvc {

/// Logs refused handshakes, at most one line a second however many there are.
class refusal_log {
 public:
  using clock = std::chrono::steady_clock;

  /// Counts one refusal; writes a line unless there was one within the second.
  void add(std::string_view peer, std::string_view reason);

  /// Writes what was counted since the last line, if anything.
  void flush();

 private:
  clock::time_point quiet_until_{};
  std::uint64_t suppressed_ = 0;
};

}  // namespace kvc
