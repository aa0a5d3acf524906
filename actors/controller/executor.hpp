#pragma once

#include "messages/executor.hpp"
#include "messages/registry.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>

namespace kvc {

struct executor_options {
  /// How long workers have to answer a health check. Positive.
  std::chrono::milliseconds health_timeout{5'000};

  /// How long the registry has to name the workers. Positive.
  std::chrono::milliseconds registry_timeout{1'000};
};

/// Runs control events, each as an actor of its own.
executor_actor::behavior_type executor(executor_actor::pointer self,
                                       const registry_actor& registry,
                                       executor_options options);

}  // namespace kvc
