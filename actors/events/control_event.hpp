#pragma once

#include "actors/events/event_ledger.hpp"
#include "messages/registry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace kvc {

/// Takes the news of events: the executor.
using event_board_actor = caf::typed_actor<caf::reacts_to<event_status>>;

/// Tells an event to end early.
struct end_early {};

/// One control event, from its beginning to its end.
using control_event_actor =
  progress_sink_actor::extend<caf::reacts_to<end_early>>;

/// What an event is to do, who does it, and how long that may take.
struct event_plan {
  event_status begun;  ///< The event and its ranks, running.
  command what;
  std::vector<worker_record> workers;               ///< Who does it.
  std::map<std::uint32_t, peer_address> sources{};  ///< `move` only, by rank.
  std::chrono::milliseconds timeout{0};             ///< Positive.

  /// How long a permit to begin is good, and so how long a cancellation waits
  /// to be confirmed: then nothing begins any more.
  std::chrono::milliseconds cancel_grace{2'000};

  /// How long after its end it takes answers that correct what it has told.
  std::chrono::milliseconds correction_time{60'000};
  std::uint64_t controller_id = 0;  ///< As the workers know it.
  event_board_actor board;
  std::function<std::int64_t()> now_ms;
  std::function<std::chrono::microseconds()> boot_clock;
};

/// Tells an event that workers had their time to do their part, or to confirm a
/// cancellation.
struct time_over {
  const char* what_is_missing = nullptr;
};

/// Tells an event that has ended to take no more answers.
struct corrections_over {};

/// A control_event_actor and its timers.
using control_event_impl =
  control_event_actor::extend<caf::reacts_to<time_over>,
                              caf::reacts_to<corrections_over>>;

/// What a control_event remembers between messages, from its beginning on. By
/// pointer, because CAF keeps an actor's own memory until its last timer fires:
/// thousands of ended events wait so.
struct control_event_state {
  static inline const char* name = "control_event";

  control_event_state() = default;

  std::unique_ptr<event_plan> plan;
  std::unique_ptr<event_ledger> ledger;
  std::chrono::microseconds not_after{0};  ///< When workers give up.
};

/// Has the workers do their part, tells the board all news, and ends by its
/// deadline at the latest. What a worker did that died or is silent is unknown:
/// the news name it, and are corrected if it answers late.
control_event_impl::behavior_type control_event(
  control_event_impl::stateful_pointer<control_event_state> self,
  event_plan plan);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::end_early)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::time_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::corrections_over)
