#include "apps/node/death_log.hpp"

#include "messages/errors.hpp"
#include "messages/log.hpp"

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>

namespace kvc {

void log_death_of(const caf::actor& actor, const char* what) {
  actor->attach_functor([what](const caf::error& why) {
    if (why != caf::exit_reason::user_shutdown)
      spdlog::critical("worker: a {} has died reason={}", what, describe(why));
  });
}

}  // namespace kvc
