#pragma once

#include "actors/events/control_event.hpp"
#include "actors/events/event_history.hpp"
#include "messages/boot_clock.hpp"
#include "messages/wall_clock.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kvc {

struct executor_options {
  // How long workers have, by timeout_setting. All are positive.
  std::chrono::milliseconds health_timeout{5'000};
  std::chrono::milliseconds clear_timeout{10'000};
  std::chrono::milliseconds pin_timeout{10'000};
  std::chrono::milliseconds compress_timeout{300'000};
  std::chrono::milliseconds move_timeout{300'000};

  /// The greatest timeout that an event may be given.
  std::chrono::milliseconds max_timeout{3'600'000};

  /// How long workers have to begin when they are let, and to confirm a
  /// cancellation. Positive.
  std::chrono::milliseconds cancel_grace{2'000};

  /// How long after its end an event takes answers that correct what was told
  /// of it. Of more than `max_running` such events, the first take none.
  std::chrono::milliseconds correction_time{60'000};

  /// As the workers know it from the registry.
  std::uint64_t controller_id = 0;

  /// How long the registry has to name the workers. Positive.
  std::chrono::milliseconds registry_timeout{1'000};

  /// Called when an event has begun, with `running`, and when it has ended.
  std::function<void(operation, event_state)> on_change = [](operation,
                                                             event_state) {};

  event_limits limits{};
  std::function<std::int64_t()> now_ms = wall_clock_ms;
  std::function<std::chrono::microseconds()> boot_clock = boot_clock_now;
};

/// Tells an executor that somebody has waited long enough for an event's end.
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

  using promise = caf::typed_response_promise<event_status>;

  struct running_event {
    control_event_actor actor;                 ///< Monitored.
    std::map<std::uint64_t, promise> waiters;  ///< By number.
  };

  registry_actor registry;
  executor_options options;
  std::optional<event_history> history;  ///< Set from the beginning.
  std::unordered_map<std::string, running_event> running;  ///< By event_id.

  /// Events that have ended and may be corrected, the first one first.
  /// Monitored.
  std::deque<control_event_actor> correctable;
  std::uint64_t last_waiter = 0;
};

/// Runs control events, each as an actor of its own, and remembers what each
/// has told last.
executor_impl::behavior_type executor(
  executor_impl::stateful_pointer<executor_state> self, registry_actor registry,
  executor_options options);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::patience_over)
