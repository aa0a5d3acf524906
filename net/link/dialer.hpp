#pragma once

#include "messages/dialer.hpp"
#include "net/link/connector.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace kvc {

/// A dialer_actor that also accepts what its connector tells it.
using dialer_impl = dialer_actor::extend<caf::reacts_to<connect_result>>;

/// What a dialer remembers between messages.
struct dialer_state {
  static inline const char* name = "dialer";

  dialer_state() = default;

  std::shared_ptr<link_connector> connector;
  registrar_actor registrar;  ///< At the other end of the link; null without.
  host_address own_address;   ///< As the link, or the attempt to link, shows.
  std::vector<caf::typed_response_promise<registrar_actor, std::string>>
    waiting;
  int retries = 0;  ///< Left for the attempt that is running.
};

/// Dials the controller that `connector` is set up for. While a link is up, a
/// dial is answered with it at once; dials that come while there is none share
/// one attempt. An answer takes at most dial_timeout(); errors carry a detail.
/// All workers of an actor system must share one dialer per controller: the
/// link of a second dialer would replace that of the first. Stop `connector`
/// before the actor system is destroyed.
dialer_impl::behavior_type dialer(
  dialer_impl::stateful_pointer<dialer_state> self,
  std::shared_ptr<link_connector> connector);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::connect_result)
