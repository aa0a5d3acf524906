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
  /// Counts an event, once when it begins, with `running`, and once at its end.
  void note(operation verb, event_state state);

  void write(metrics_text& text) const;

 private:
  using by_state = std::array<std::atomic<std::uint64_t>, event_state_count>;

  std::array<by_state, operation_count> counts_{};
};

}  // namespace kvc
