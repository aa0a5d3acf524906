#pragma once

#include "messages/dialer.hpp"
#include "messages/errors.hpp"
#include "messages/registry.hpp"
#include "tests/support/deterministic_system.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <utility>
#include <vector>

namespace kvc::test {

/// Tells a fake to send the answers that it held back.
struct release {};

using time_points = std::vector<caf::actor_clock::time_point>;

/// A network whose dialer connects to `link`, or says that nobody is there.
struct fake_network {
  registrar_actor link;
  bool holds_answers = false;
  time_points dials;
};

using fake_dialer_impl = dialer_actor::extend<caf::reacts_to<release>>;

struct fake_dialer_state {
  fake_dialer_state() = default;

  std::vector<caf::typed_response_promise<registrar_actor>> held;
};

inline fake_dialer_impl::behavior_type fake_dialer(
  fake_dialer_impl::stateful_pointer<fake_dialer_state> self,
  fake_network* network) {
  return {
    [=](const dial&) -> caf::result<registrar_actor> {
      network->dials.push_back(self->clock().now());
      if (network->holds_answers) {
        self->state.held.push_back(
          self->make_response_promise<registrar_actor>());
        return self->state.held.back();
      }
      if (!network->link)
        return caf::make_error(errc::unreachable);
      return network->link;
    },
    [=](release) {
      for (auto& promise : self->state.held)
        promise.deliver(caf::make_error(errc::unreachable));
      self->state.held.clear();
    },
  };
}

/// What a controller heard, and what it says.
struct fake_controller {
  std::vector<register_worker> hellos;
  std::vector<renew_lease> renewals;
  std::vector<deregister_worker> departures;
  time_points hello_times;
  time_points renewal_times;

  welcome greeting;
  caf::error refusal;          ///< Of hellos, if set.
  caf::error renewal_refusal;  ///< If set.
  bool is_silent = false;
  bool holds_greetings = false;
};

using fake_registrar_impl = registrar_actor::extend<caf::reacts_to<release>>;

struct fake_registrar_state {
  fake_registrar_state() = default;

  std::vector<caf::typed_response_promise<welcome>> held;
  std::vector<welcome> greetings;  ///< For each that is held.
};

inline caf::result<welcome> greet(
  fake_registrar_impl::stateful_pointer<fake_registrar_state> self,
  fake_controller& controller) {
  controller.hello_times.push_back(self->clock().now());
  if (controller.is_silent)
    return self->make_response_promise<welcome>();
  if (controller.refusal)
    return controller.refusal;
  if (!controller.holds_greetings)
    return controller.greeting;
  self->state.held.push_back(self->make_response_promise<welcome>());
  self->state.greetings.push_back(controller.greeting);
  return self->state.held.back();
}

inline fake_registrar_impl::behavior_type fake_registrar(
  fake_registrar_impl::stateful_pointer<fake_registrar_state> self,
  fake_controller* controller) {
  return {
    [=](const register_worker& hello) {
      controller->hellos.push_back(hello);
      return greet(self, *controller);
    },
    [=](const renew_lease& msg) -> caf::result<lease> {
      controller->renewals.push_back(msg);
      controller->renewal_times.push_back(self->clock().now());
      if (controller->is_silent)
        return self->make_response_promise<lease>();
      if (controller->renewal_refusal)
        return controller->renewal_refusal;
      return lease{msg.epoch, std::chrono::seconds{5}};
    },
    [=](const deregister_worker& msg) -> caf::result<bool> {
      controller->departures.push_back(msg);
      if (controller->is_silent)
        return self->make_response_promise<bool>();
      return true;
    },
    [=](release) {
      for (std::size_t i = 0; i < self->state.held.size(); ++i)
        self->state.held[i].deliver(self->state.greetings[i]);
      self->state.held.clear();
      self->state.greetings.clear();
    },
  };
}

/// A shard that applies what it gets, unless `status` says otherwise.
struct fake_sink {
  report_status status = report_status::applied;
  bool is_silent = false;
  std::vector<chunk_report> reports;
  std::vector<std::pair<caf::actor, report_ack>> held;

  /// Answers what it was silent about, and is silent no more.
  void answer_all(deterministic_system& system) {
    is_silent = false;
    for (const auto& [reporter, answer] : std::exchange(held, {}))
      caf::anon_send(reporter, answer);
    system.run();
  }
};

inline report_sink_actor::behavior_type fake_sink_actor(
  report_sink_actor::pointer self, fake_sink* sink) {
  return {[=](const chunk_report& report) -> caf::result<report_ack> {
    sink->reports.push_back(report);
    const report_ack answer{report.epoch, report.sequence, sink->status};
    if (!sink->is_silent)
      return answer;
    sink->held.emplace_back(caf::actor_cast<caf::actor>(self->current_sender()),
                            answer);
    return self->make_response_promise<report_ack>();
  }};
}

}  // namespace kvc::test

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::test::release)
