#pragma once

#include "messages/worker.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace kvc::test {

/// A worker that finds nothing to do in any command.
inline worker_actor::behavior_type idle_worker() {
  return {
    [](const run_command&) { return command_result{}; },
    [](const cancel_command&) {},
    [](const ask_again&) {},
  };
}

}  // namespace kvc::test
