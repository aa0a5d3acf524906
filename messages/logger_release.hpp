#pragma once

#include <caf/logger.hpp>

namespace kvc {

/// For threads that are not CAF's, before they make an actor system, an actor
/// or a caf::scoped_actor: gives back, when it ends, the reference to the
/// system's logger that CAF leaves in the thread. ~actor_system waits until no
/// other thread has one.
class logger_release {
 public:
  logger_release() = default;
  logger_release(const logger_release&) = delete;
  logger_release& operator=(const logger_release&) = delete;
  ~logger_release() { caf::logger::set_current_actor_system(nullptr); }
};

}  // namespace kvc
