#pragma once

#include "messages/worker_id.hpp"

#include <caf/typed_actor.hpp>

namespace kvc {

/// Asks a worker to check itself.
struct get_health {
  template <class Inspector>
  friend auto inspect(Inspector& f, get_health&) {
    return f(caf::meta::type_name("get_health"));
  }
};

/// A worker's own opinion of itself.
struct health {
  std::int32_t code =
    0;  ///< As in the HTTP API: 0 healthy, -1 memory check failed.
  std::string detail;  ///< Empty when healthy.

  template <class Inspector>
  friend auto inspect(Inspector& f, health& x) {
    return f(caf::meta::type_name("health"), x.code, x.detail);
  }
};

/// What the controller may ask of a worker.
using worker_actor =
  caf::typed_actor<caf::replies_to<get_health>::with<health>>;

}  // namespace kvc
