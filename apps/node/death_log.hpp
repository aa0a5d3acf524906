#pragma once

#include <caf/actor.hpp>

namespace kvc {

/// Logs the end of an actor unless it was told to end: CAF does not tell what
/// its handlers throw. `what` is a literal, say "lender".
void log_death_of(const caf::actor& actor, const char* what);

}  // namespace kvc
