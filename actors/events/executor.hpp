#pragma once

#include "actors/events/control_event.hpp"
#include "actors/events/event_history.hpp"
#include "messages/wall_clock.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvc {

struct executor_options {
  // How long workers have, by operation. All are positive.
  std::chrono::milliseconds health_timeout{5'000};
  std::chrono::milliseconds clear_timeout{10'000};
  std::chrono::milliseconds pin_timeout{10'000};        ///< And to unpin.
  std::chrono::milliseconds compress_timeout{300'000};  ///< And to decompress.
  std::chrono::milliseconds move_timeout{300'000};

  /// How long an event may be asked to take.
  std::chrono::milliseconds max_timeout{3'600'000};

  /// How long workers have to confirm a cancellation. Positive.
  std::chrono::milliseconds cancel_grace{2'000};

  /// How long the registry has to name the workers. Positive.
  std::chrono::milliseconds registry_timeout{1'000};

  /// Told of each event when it begins, running, and when it has ended.
  std::function<void(operation, event_state)> on_change = [](operation,
                                                             event_state) {};

  event_limits limits{};
  std::function<std::int64_t()> now_ms = wall_clock_ms;
};

/// Tells an executor that somebody has waited long enough.
struct patience_over {
  std::uint64_t waiter = 0;
};

/// An executor_actor and what it hears from its events and timers.
using executor_impl = executor_actor::extend<caf::reacts_to<event_status>,
                                             caf::reacts_to<patience_over>>;

/// What an executor remembers between messages.
struct executor_state {
  static inline const char* name = "executor";

  executor_state() = default;

  struct waiter {
    std::string event_id;
    caf::typed_response_promise<event_status> answer;
  };

  std::optional<event_history> history;
  std::unordered_map<std::string, control_event_actor> running;  ///< Monitored.
  std::uint64_t last_waiter = 0;
  std::map<std::uint64_t, waiter> waiters;
};

/// Runs control events, each as an actor of its own, and knows of them what
/// they told last.
executor_impl::behavior_type executor(
  executor_impl::stateful_pointer<executor_state> self,
  const registry_actor& registry, const executor_options& options);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::patience_over)
