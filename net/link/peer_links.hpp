#pragma once

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
  std::string secret = {};                            ///< See load_secret.
  std::chrono::milliseconds connect_timeout{1500};    ///< Resolving included.
  std::chrono::milliseconds handshake_timeout{2000};  ///< Our handshake.
  std::chrono::milliseconds caf_timeout{2000};        ///< Then CAF's.
  std::chrono::milliseconds introduction_timeout{2000};  ///< Then the peers'.
  /// At each port. Above it the oldest unfinished handshake is dropped.
  std::size_t max_pending_handshakes = 256;
  /// Processes to be linked with at once, each of which costs a descriptor and
  /// is kept while it lives. More are refused.
  std::size_t max_peers = 1024;
};

/// Returns the longest time a dial may take: what a request to the dialer needs
/// as its timeout.
std::chrono::milliseconds dial_timeout(const peer_link_options& options);

/// The direct links of an actor system with its peers, however they come about:
/// one for each process, whoever dials and at whatever port. An actor system
/// may have only one of these.
class peer_links {
 public:
  /// `own` serves the peers.
  peer_links(caf::actor_system& system, const peer_actor& own,
             peer_link_options options);
  ~peer_links();  ///< Stops.

  peer_links(const peer_links&) = delete;
  peer_links& operator=(const peer_links&) = delete;

  /// Lets peers dial us at `port`, 0 for any free one, and returns the bound
  /// port. Fails with unreachable, then nothing changes. May be called for
  /// several ports; each has a thread.
  caf::expected<std::uint16_t> listen(const std::string& host,
                                      std::uint16_t port);

  /// Dials peers. Null once stopped.
  const peer_dialer_actor& dialer() const { return dialer_; }

  const peer_link_options& options() const { return options_; }

  /// Closes the ports and the links and fails the dials that wait. Call it
  /// before the actor system is destroyed; may be called twice.
  void stop();

 private:
  struct parts;

  peer_link_options options_;
  std::unique_ptr<parts> parts_;
  peer_dialer_actor dialer_;
};

}  // namespace kvc
