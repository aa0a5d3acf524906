#pragma once

#include "config/host_address.hpp"
#include "messages/peer.hpp"

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace kvc {

struct peer_link_options {
  std::string secret = {};                            ///< From load_secret.
  std::chrono::milliseconds connect_timeout{1500};    ///< Includes resolving.
  std::chrono::milliseconds handshake_timeout{2000};  ///< For our handshake.
  std::chrono::milliseconds caf_timeout{2000};        ///< For CAF's after that.
  std::chrono::milliseconds introduction_timeout{2000};  ///< The peers' own.

  /// With more unfinished handshakes at a port, the oldest is dropped.
  std::size_t max_pending_handshakes = 256;

  /// How many processes we may be linked with; others are refused. Each link
  /// costs a descriptor and is kept while both processes live.
  std::size_t max_peers = 1024;
};

/// Returns the longest time that a dial may take. A request to the dialer needs
/// it as its timeout.
std::chrono::milliseconds dial_timeout(const peer_link_options& options);

/// The direct links of an actor system with its peers: one for each process,
/// whoever dials and at whatever port. An actor system may have only one of
/// these.
class peer_links {
 public:
  /// `own` is the actor that serves the peers.
  peer_links(caf::actor_system& system, const peer_actor& own,
             peer_link_options options);
  ~peer_links();  ///< Stops.

  peer_links(const peer_links&) = delete;
  peer_links& operator=(const peer_links&) = delete;

  /// Lets peers dial us at `port`, or at any free one if that is 0, and returns
  /// what was bound, the address in digits. Fails with unreachable and then
  /// changes nothing. May be called for several ports; each has a thread.
  caf::expected<host_and_port> listen(const host_address& host,
                                      std::uint16_t port);

  /// Takes another secret for links to come. Those that are up stay.
  void set_secret(const std::string& secret);

  /// The actor that dials peers; null once stopped.
  const peer_dialer_actor& dialer() const { return dialer_; }

  const peer_link_options& options() const { return options_; }

  /// Closes the ports and the links, and fails the dials that wait. Call it
  /// before the actor system is destroyed. May be called twice.
  void stop();

 private:
  struct parts;

  peer_link_options options_;
  std::unique_ptr<parts> parts_;
  peer_dialer_actor dialer_;
};

}  // namespace kvc
