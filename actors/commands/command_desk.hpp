#pragma once

#include "actors/peers/rank.hpp"
#include "actors/reporting/reporter.hpp"
#include "config/controller_options.hpp"

#include <map>
#include <string>
#include <vector>

namespace kvc {

/// The commands that a worker runs, each an actor of its own.
class command_desk {
 public:
  /// More are refused. A controller runs as many events at most, by default a
  /// quarter.
  static constexpr std::size_t max_commands =
    controller_options::most_running_events;

  /// Starts a command, which answers for itself. Fails with unknown_worker if
  /// it is for another rank, invalid_request if it lacks a time or its event
  /// runs here already, and too_busy; and as rank::check does.
  caf::result<command_result> run(caf::scheduled_actor* self, const rank& here,
                                  const std::vector<reporter_actor>& reporters,
                                  const run_command& order);

  void cancel(const cancel_command& order) const;

  /// Returns whether `source` was a command, which has ended then.
  bool forget(const caf::actor_addr& source);

 private:
  std::map<std::string, worker_actor> runs_;  ///< By event; monitored.
};

}  // namespace kvc
