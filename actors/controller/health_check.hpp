#pragma once

#include "messages/executor.hpp"
#include "messages/registry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <vector>

namespace kvc {

/// What a health_check remembers between messages.
struct health_check_state {
  static inline const char* name = "health_check";

  health_check_state() = default;

  health_report report;
  std::size_t pending = 0;
  caf::typed_response_promise<health_report> answer;
};

/// One check of one instance.
using health_check_actor = executor_actor;

/// Asks the given ranks, answers one check_health within `timeout` and ends. A
/// rank that is dead, refuses or is silent is an entry with its own code.
health_check_actor::behavior_type health_check(
  health_check_actor::stateful_pointer<health_check_state> self,
  const std::vector<worker_record>& ranks, std::chrono::milliseconds timeout);

}  // namespace kvc
