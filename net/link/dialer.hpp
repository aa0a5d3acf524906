#pragma once

#include "messages/dialer.hpp"
#include "net/link/connector.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <vector>

namespace kvc {

using dialer_impl = dialer_actor::extend<caf::reacts_to<connect_result>>;

struct dialer_state {
  dialer_state() = default;

  registrar_actor registrar;  ///< Of the link that is up; else null.
  std::vector<caf::typed_response_promise<registrar_actor>> waiting;
  int retries = 0;  ///< Left for the attempt that is running.

  static inline const char* name = "dialer";
};

/// Dials the controller of `connector`. Dials while a link is up are answered
/// with it, and those that meet while none is share one attempt. An answer
/// takes at most dial_timeout(); errors carry a detail. An actor system must
/// have only one dialer per controller, for all its workers: a second one's
/// link would replace the first's. Stop `connector` before the actor system is
/// destroyed.
dialer_impl::behavior_type dialer(
  dialer_impl::stateful_pointer<dialer_state> self,
  const std::shared_ptr<link_connector>& connector);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::connect_result)
