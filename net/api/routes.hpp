#pragma once

#include "messages/build_version.hpp"
#include "messages/executor.hpp"
#include "messages/lookup.hpp"
#include "messages/registry.hpp"
#include "net/api/event_counters.hpp"
#include "net/http/request_counters.hpp"
#include "net/http/router.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace kvc {

struct controller_route_options {
  /// How long the registry and the executor may take for an answer that they
  /// need not wait for.
  std::chrono::milliseconds answer_timeout{5'000};

  /// How long a control request waits for the end of its event, before it
  /// answers that the event is running. Positive; with answer_timeout it must
  /// stay below the server's request_deadline.
  std::chrono::milliseconds event_wait{20'000};

  /// The longest timeout that a request may give to an event.
  std::chrono::milliseconds max_event_timeout{3'600'000};

  /// /readyz says ready while no more than this share of the report streams is
  /// in its first full sync; 0 to 1.
  double ready_sync_share = 0.1;

  /// Whose web pages may begin and end events; see router.
  std::vector<std::string> allowed_origins = {};
};

/// What a controller counts, for GET /metrics.
struct controller_counters {
  request_counters requests;
  event_counters events;
};

/// What the controller's routes ask. The references must outlive every server
/// that uses the routes.
struct controller_services {
  lookup_source& lookups;
  const prompt_hasher& hasher;
  registry_actor registry;
  executor_actor executor;
  controller_route_options options = {};
  std::shared_ptr<controller_counters> counters =
    std::make_shared<controller_counters>();
  build_version build = {};
};

/// Returns all routes of the controller.
router make_controller_router(const controller_services& services);

}  // namespace kvc
