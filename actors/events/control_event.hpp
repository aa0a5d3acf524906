#pragma once

#include "actors/events/event_ledger.hpp"
#include "messages/registry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace kvc {

/// Who hears of an event's news: the executor.
using event_board_actor = caf::typed_actor<caf::reacts_to<event_status>>;

/// Tells an event to end early.
struct end_early {};

/// An event's time for a cancellation is over.
struct grace_over {};

/// One in-flight control event.
using control_event_actor =
  progress_sink_actor::extend<caf::reacts_to<end_early>,
                              caf::reacts_to<grace_over>>;

/// What an event is to do, with whom, and how long.
struct event_plan {
  event_status begun;  ///< Running, its ranks too.
  command what;
  std::vector<worker_record> workers;               ///< Who does it.
  std::map<std::uint32_t, peer_address> sources{};  ///< Of a move, by rank.
  std::chrono::milliseconds timeout{0};             ///< Positive.
  std::chrono::milliseconds cancel_grace{2'000};
  event_board_actor board;
  std::function<std::int64_t()> now_ms;
};

/// What a control_event remembers between messages.
struct control_event_state {
  static inline const char* name = "control_event";

  control_event_state() = default;

  std::optional<event_ledger> ledger;
};

/// Has the workers do their part, tells the board all news, and ends by its
/// deadline at the latest. A worker that dies, refuses or is silent has failed,
/// by name and with its own words.
control_event_actor::behavior_type control_event(
  control_event_actor::stateful_pointer<control_event_state> self,
  const event_plan& plan);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::end_early)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::grace_over)
