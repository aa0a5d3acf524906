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

/// The connector tells how the attempt `number` to reach `target` ended.
struct peer_connected {
  host_and_port target;
  std::uint64_t number = 0;
  connect_result result;
};

/// Reminds the dialer to look whether the peer of a dial has a link by now.
struct recheck_dial {
  host_and_port target;
  std::uint64_t number = 0;
};

/// Reminds the dialer that the time of a dial is over.
struct expire_dial {
  host_and_port target;
  std::uint64_t dial_id = 0;
};

/// A peer_dialer_actor that also lets peers in, and accepts its own messages.
using peer_dialer_impl =
  peer_dialer_actor::extend_with<peer_door_actor>::extend<
    caf::reacts_to<peer_connected>, caf::reacts_to<recheck_dial>,
    caf::reacts_to<expire_dial>>;

struct peer_dialer_settings {
  peer_actor own;  ///< The actor that serves our peers.
  std::shared_ptr<link_connector> connector;
  std::shared_ptr<link_table> links;
  std::chrono::milliseconds introduction_timeout{2000};
  std::chrono::milliseconds dial_timeout{7500};  ///< For a dial as a whole.
  std::size_t max_peers = 1024;
};

/// What a peer_dialer remembers between messages.
struct peer_dialer_state {
  static inline const char* name = "peer_dialer";

  peer_dialer_state() = default;

  peer_dialer_settings settings;
  peer_book peers;
  dial_book dials;
};

/// Dials peers. It is also the door that is published at our own ports, where
/// peers introduce themselves. On an exit message it fails the dials that wait
/// and cuts all links. Stop the connector before the actor system is destroyed.
peer_dialer_impl::behavior_type peer_dialer(
  peer_dialer_impl::stateful_pointer<peer_dialer_state> self,
  const peer_dialer_settings& settings);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::peer_connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::recheck_dial)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::expire_dial)
