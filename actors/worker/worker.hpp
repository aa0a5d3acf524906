#pragma once

#include "actors/commands/command_desk.hpp"
#include "actors/reporting/reporter_set.hpp"
#include "messages/dialer.hpp"
#include "messages/registry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <random>

namespace kvc {

/// Who a worker is and how patient. All times are positive.
struct worker_settings {
  worker_profile profile;
  incarnation process;
  hash_settings hashing;
  std::uint64_t canary = 0;

  std::chrono::milliseconds heartbeat{1'000};
  std::chrono::milliseconds dial_timeout{10'000};   ///< Above the dialer's own.
  std::chrono::milliseconds answer_timeout{5'000};  ///< Of the registrar.
  std::chrono::milliseconds leave_timeout{500};     ///< Of the last message.

  /// Failed dials wait a random time up to a bound that doubles in between.
  std::chrono::milliseconds min_backoff{50};
  std::chrono::milliseconds max_backoff{500};

  std::chrono::milliseconds refused_backoff{1'000};
  std::chrono::milliseconds superseded_backoff{60'000};
};

/// What a worker speaks for. Both references must outlive it.
struct worker_services {
  dialer_actor dialer;
  change_hub& hub;
  const membership_source& source;
  command_services commands;
  /// Is told of each registration; may be empty.
  std::function<void(const welcome&)> on_welcome;
  /// Is told of each loss of the link; may be empty.
  std::function<void()> on_link_lost = {};
};

/// Tells a worker to deregister and end.
struct leave {};

/// What a worker is about to do when its timer fires.
enum class worker_step : std::uint8_t { dial, hello, renew };

/// A worker's timer. Those of an earlier round are void.
struct worker_timer {
  std::uint64_t round = 0;
  worker_step step = worker_step::dial;
};

/// What a worker remembers between messages.
struct worker_state {
  static inline const char* name = "worker";

  worker_state() = default;

  std::uint64_t round = 0;     ///< Grows with every change of the link.
  std::uint32_t failures = 0;  ///< Dials since the last welcome.
  registrar_actor registrar;   ///< Null while there is no link; monitored.
  bool is_registered = false;
  std::uint64_t controller_id = 0;  ///< Of the last welcome.
  std::uint64_t epoch = 0;          ///< Of the last welcome.
  reporter_set reporters;           ///< Linked.
  command_desk desk;
  std::string last_trouble;  ///< Logged once, not at every attempt.
  std::minstd_rand random;
};

/// A worker_actor and what it tells itself.
using worker_impl = worker_actor::extend<  //
  caf::reacts_to<leave>, caf::reacts_to<worker_timer>,
  caf::reacts_to<epoch_ended>>;

/// Links to the controller, registers, renews, and comes back for ever; serves
/// the control requests.
worker_impl::behavior_type worker(
  worker_impl::stateful_pointer<worker_state> self, worker_services services,
  worker_settings settings);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::leave)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::worker_timer)
