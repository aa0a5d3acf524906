#pragma once

#include "messages/worker.hpp"

#include <caf/typed_actor.hpp>

#include <string>
#include <vector>

namespace kvc {

/// Asks every rank of an instance whether it is well.
struct check_health {
  std::string instance;

  template <class Inspector>
  friend auto inspect(Inspector& f, check_health& x) {
    return f(caf::meta::type_name("check_health"), x.instance);
  }
};

/// One rank's answer, or why there is none.
struct rank_health {
  std::uint32_t rank = 0;
  std::int32_t code =
    0;  ///< As in the HTTP API: -1004 no answer in time, and so on.
  std::string detail;  ///< Empty when healthy.

  friend bool operator==(const rank_health&, const rank_health&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, rank_health& x) {
    return f(caf::meta::type_name("rank_health"), x.rank, x.code, x.detail);
  }
};

/// Answers check_health: one entry per registered rank, by rank.
struct health_report {
  std::vector<rank_health> ranks;

  template <class Inspector>
  friend auto inspect(Inspector& f, health_report& x) {
    return f(caf::meta::type_name("health_report"), x.ranks);
  }
};

/// Runs control events.
using executor_actor = caf::typed_actor<
  // Fails with unknown_instance. Silent and dead ranks are entries, not errors.
  caf::replies_to<check_health>::with<health_report>>;

}  // namespace kvc
