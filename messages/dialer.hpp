#pragma once

#include "messages/registry.hpp"

#include <string>

namespace kvc {

/// Asks for a fresh link to the controller.
struct dial {
  template <class Inspector>
  friend auto inspect(Inspector& f, dial&) {
    return f(caf::meta::type_name("dial"));
  }
};

/// Connects this process to its controller, and tells the address at which
/// others reach us, as far as the link shows it. Answers within its own
/// deadline; a monitor on the answer tells when the link is gone. Dial again
/// only then.
using dialer_actor = caf::typed_actor<
  // Fails with unreachable, timed_out or unauthorized.
  caf::replies_to<dial>::with<registrar_actor, std::string>>;

}  // namespace kvc
