#pragma once

#include "actors/commands/command_desk.hpp"
#include "actors/reporting/reporter_set.hpp"
#include "messages/dialer.hpp"
#include "messages/registry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <random>

namespace kvc {

/// How a worker reaches the controller, and how patient it is. All times are
/// positive.
struct worker_settings {
  dialer_actor dialer;  ///< Links to the controller.
  incarnation process;
  hash_settings hashing;
  std::uint64_t canary = 0;

  std::chrono::milliseconds heartbeat{1'000};
  std::chrono::milliseconds dial_timeout{10'000};   ///< Above the dialer's own.
  std::chrono::milliseconds answer_timeout{5'000};  ///< For the registrar.
  std::chrono::milliseconds leave_timeout{500};     ///< For the last answer.

  /// After a failed dial it waits a random time. The bound of that time doubles
  /// from the least to the greatest.
  std::chrono::milliseconds min_backoff{50};
  std::chrono::milliseconds max_backoff{500};

  std::chrono::milliseconds refused_backoff{1'000};

  /// While it is superseded, it waits twice as long after each refusal, up to
  /// this time. The controller tells it when its successor is gone.
  std::chrono::milliseconds superseded_backoff{10'000};

  /// How long no controller must have answered until the rank goes ahead
  /// without one.
  std::chrono::milliseconds silence_patience{10'000};
};

/// Tells a worker to deregister and end.
struct leave {};

/// What a worker is about to do when its timer fires.
enum class worker_step : std::uint8_t { dial, hello, renew };

/// A worker's timer; void if it is of an earlier round.
struct worker_timer {
  std::uint64_t round = 0;
  worker_step step = worker_step::dial;
};

/// What a worker remembers between messages.
struct worker_state {
  static inline const char* name = "worker";

  worker_state() = default;

  rank* here = nullptr;
  std::optional<reporter_sources> sources;
  worker_settings settings;
  std::uint64_t round = 0;     ///< Grows with every change of the link.
  std::uint32_t failures = 0;  ///< Dials since the last welcome.
  registrar_actor registrar;   ///< Null while there is no link; monitored.
  bool is_registered = false;
  bool is_superseded = false;       ///< Refused, and waits to say hello again.
  std::uint32_t refusals = 0;       ///< As superseded, since the last welcome.
  std::uint64_t controller_id = 0;  ///< Of the last welcome.
  std::uint64_t epoch = 0;          ///< Of the last welcome.
  reporter_set reporters;           ///< Linked.
  command_desk desk;
  std::string last_trouble;   ///< Logged once, not at every attempt.
  bool was_answered = false;  ///< By a controller, whatever it said.
  caf::actor_clock::time_point begun{};
  std::minstd_rand random;
};

/// A worker_actor and what it tells itself.
using worker_impl = worker_actor::extend<  //
  caf::reacts_to<leave>, caf::reacts_to<worker_timer>,
  caf::reacts_to<epoch_ended>>;

/// Links a rank to the controller, registers it, renews the registration, and
/// starts over for ever when that fails; runs the controller's commands. `here`
/// must not be null.
worker_impl::behavior_type worker(
  worker_impl::stateful_pointer<worker_state> self, rank* here,
  reporter_sources sources, worker_settings settings);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::worker_timer)
