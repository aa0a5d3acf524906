#pragma once

#include "messages/executor.hpp"
#include "net/http/metrics_text.hpp"

#include <array>
#include <atomic>
#include <cstdint>

namespace kvc {

/// Counts control events. Thread-safe.
class event_counters {
 public:
  /// Notes that an event of this operation is in a new state: running at
  /// first, another one at its end.
  void note(operation what, event_state state);

  void write(metrics_text& text) const;

 private:
  static constexpr std::size_t max_operations = 16;
  static constexpr std::size_t states = 4;

  std::array<std::array<std::atomic<std::uint64_t>, states>, max_operations>
    counts_{};
};

}  // namespace kvc
