#pragma once

#include "messages/peer.hpp"
#include "net/link/connector.hpp"
#include "net/link/dial_book.hpp"
#include "net/link/link_table.hpp"
#include "net/link/peer_book.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace kvc {

/// How the attempt `number` for `target` ended.
struct peer_connected {
  link_target target;
  std::uint64_t number = 0;
  connect_result result;
};

/// Look again whether the peer of a dial has a link by now.
struct recheck_dial {
  link_target target;
  std::uint64_t number = 0;
};

/// The time of a dial is over.
struct expire_dial {
  link_target target;
  std::uint64_t dial_id = 0;
};

using peer_dialer_impl =
  peer_dialer_actor::extend_with<peer_door_actor>::extend<
    caf::reacts_to<peer_connected>, caf::reacts_to<recheck_dial>,
    caf::reacts_to<expire_dial>>;

struct peer_dialer_settings {
  peer_actor own;  ///< Serves our peers.
  std::shared_ptr<link_connector> connector;
  std::shared_ptr<link_table> links;
  std::chrono::milliseconds introduction_timeout{2000};
  std::chrono::milliseconds dial_timeout{7500};  ///< For all of a dial.
  std::size_t max_peers = 1024;
};

struct peer_dialer_state {
  peer_dialer_state() = default;

  peer_book peers;
  dial_book dials;

  static inline const char* name = "peer_dialer";
};

/// Dials peers and, as what is published at our own ports, lets peers
/// introduce themselves. Stop the connector before the actor system is
/// destroyed; on an exit message it answers whom it keeps waiting, and cuts the
/// links.
peer_dialer_impl::behavior_type peer_dialer(
  peer_dialer_impl::stateful_pointer<peer_dialer_state> self,
  const peer_dialer_settings& settings);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::peer_connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::recheck_dial)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::expire_dial)
