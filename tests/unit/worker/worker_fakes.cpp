#include "tests/unit/worker/worker_fakes.hpp"

#include "tests/support/release.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace kvc::test {

namespace {

using fake_dialer_impl = dialer_actor::extend<caf::reacts_to<release>>;

struct fake_dialer_state {
  fake_dialer_state() = default;

  std::vector<caf::typed_response_promise<registrar_actor, std::string>> held;
};

fake_dialer_impl::behavior_type fake_dialer(
  fake_dialer_impl::stateful_pointer<fake_dialer_state> self,
  fake_network* network) {
  return {
    [=](const dial&) -> caf::result<registrar_actor, std::string> {
      network->dials.push_back(self->clock().now());
      if (network->holds_answers) {
        self->state.held.push_back(
          self->make_response_promise<registrar_actor, std::string>());
        return self->state.held.back();
      }
      if (!network->link)
        return caf::make_error(network->trouble);
      return {network->link, network->own_address};
    },
    [=](release) {
      for (auto& promise : self->state.held)
        promise.deliver(caf::make_error(errc::unreachable));
      self->state.held.clear();
    },
  };
}

using fake_registrar_impl = registrar_actor::extend<caf::reacts_to<release>>;

struct fake_registrar_state {
  fake_registrar_state() = default;

  std::vector<caf::typed_response_promise<welcome>> held;
  std::vector<welcome> greetings;  ///< For each that is held.
};

std::chrono::microseconds boot_clock_of(caf::scheduled_actor* self) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
    self->clock().now().time_since_epoch());
}

caf::result<welcome> greet(
  fake_registrar_impl::stateful_pointer<fake_registrar_state> self,
  fake_controller& controller) {
  controller.hello_times.push_back(self->clock().now());
  if (controller.is_silent)
    return self->make_response_promise<welcome>();
  if (controller.refusal)
    return controller.refusal;
  auto greeting = controller.greeting;
  greeting.clock = boot_clock_of(self) + controller.clock_lead;
  if (!controller.holds_greetings)
    return greeting;
  self->state.held.push_back(self->make_response_promise<welcome>());
  self->state.greetings.push_back(greeting);
  return self->state.held.back();
}

fake_registrar_impl::behavior_type fake_registrar(
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
      return lease{msg.epoch, std::chrono::seconds{5},
                   boot_clock_of(self) + controller->clock_lead};
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

report_sink_actor::behavior_type fake_sink_actor(
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

lookup_actor::behavior_type fake_lookups() {
  return {
    [](const find_prefixes&) { return std::vector<prefix_match>{}; },
    [](const locate_chunks&) { return std::vector<chunk_holder>{}; },
  };
}

}  // namespace

dialer_actor spawn_dialer(deterministic_system& system, fake_network* network) {
  return system.spawn(fake_dialer, network);
}

registrar_actor spawn_registrar(deterministic_system& system,
                                fake_controller* controller) {
  return system.spawn(fake_registrar, controller);
}

report_sink_actor spawn_sink(deterministic_system& system, fake_sink* sink) {
  return system.spawn(fake_sink_actor, sink);
}

lookup_actor spawn_lookups(deterministic_system& system) {
  return system.spawn(fake_lookups);
}

void fake_sink::answer_all(deterministic_system& system) {
  is_silent = false;
  for (const auto& [reporter, answer] : std::exchange(held, {}))
    caf::anon_send(reporter, answer);
  system.run();
}

void release_held(deterministic_system& system, const caf::actor& fake) {
  caf::anon_send(fake, release{});
  system.run();
}

}  // namespace kvc::test
