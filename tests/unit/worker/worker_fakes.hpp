#pragma once

#include "messages/dialer.hpp"
#include "messages/errors.hpp"
#include "messages/registry.hpp"
#include "tests/support/deterministic_system.hpp"

#include <string>
#include <utility>
#include <vector>

namespace kvc::test {

using time_points = std::vector<caf::actor_clock::time_point>;

/// A network whose dialer connects to `link`, or says that nobody is there.
struct fake_network {
  registrar_actor link;
  errc trouble = errc::unreachable;      ///< What it says then.
  std::string own_address = "10.0.0.7";  ///< As the link shows it.
  bool holds_answers = false;
  time_points dials;
};

dialer_actor spawn_dialer(deterministic_system& system, fake_network* network);

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

  /// How much its boot clock shows more than the worker's.
  std::chrono::microseconds clock_lead = std::chrono::hours{1};
};

registrar_actor spawn_registrar(deterministic_system& system,
                                fake_controller* controller);

/// A shard that applies what it gets, unless `status` says otherwise.
struct fake_sink {
  report_status status = report_status::applied;
  bool is_silent = false;
  std::vector<chunk_report> reports;
  std::vector<std::pair<caf::actor, report_ack>> held;

  /// Answers what it was silent about, and is silent no more.
  void answer_all(deterministic_system& system);
};

report_sink_actor spawn_sink(deterministic_system& system, fake_sink* sink);

/// Lookups that find nothing.
lookup_actor spawn_lookups(deterministic_system& system);

/// Has a dialer or a registrar send the answers that it held back.
void release_held(deterministic_system& system, const caf::actor& fake);

}  // namespace kvc::test
