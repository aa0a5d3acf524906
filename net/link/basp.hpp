#pragma once

#include "net/link/frame_guard.hpp"

#include <caf/actor.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace kvc {

// The one place that uses messages internal to CAF's network broker; they
// change no more, because Debian's CAF is frozen at 0.17.6. BASP is CAF's own
// protocol. Why CAF gets no socket without our handshake: docs/caf.md.

/// What we keep of a socket that CAF has taken over. Thread-safe.
class adopted_socket {
 public:
  explicit adopted_socket(int fd) : fd_(fd) {}

  /// Returns whether CAF still holds the socket.
  bool is_open() const;

  /// Returns whether the peer has finished CAF's handshake.
  bool is_established() const;

  /// Returns whether mark_introduced() was called.
  bool is_introduced() const;

  /// Notes that the peer has said on this link who it is.
  void mark_introduced();

  /// Ends the connection, whatever CAF is doing with it.
  void cut();

 private:
  friend class guarded_scribe;

  void mark_established();
  void mark_closed();

  mutable std::mutex mutex_;
  int fd_;  ///< -1 once CAF has closed it.
  bool is_established_ = false;
  bool is_introduced_ = false;
};

/// Returns CAF's network broker. Needs a system made by configure_link.
caf::actor basp_broker(caf::actor_system& system);

/// The actor that a process offers to those who link with it.
struct offered_actor {
  caf::strong_actor_ptr actor;
  std::set<std::string> signatures;  ///< From actor_system::message_types.
};

/// A connected socket, and the process at its other end, as our handshake has
/// proved.
struct proven_socket {
  int fd = -1;
  process_id peer{};
};

/// A connected socket on its way to CAF.
struct handover {
  caf::message message;  ///< The caller sends it to the broker.
  std::shared_ptr<adopted_socket> socket;
};

/// Prepares to offer `offered` to the authenticated `client`, and takes the
/// descriptor. `port` tells the acceptors of this process apart. The broker
/// does not answer the message.
handover make_serve_request(caf::actor_system& system,
                            const proven_socket& client, std::uint16_t port,
                            const offered_actor& offered);

/// Withdraws the actor that was offered on `port`.
void forget_offer(caf::actor_system& system, std::uint16_t port,
                  const offered_actor& offered);

/// Prepares to link with the authenticated `server`, and takes the descriptor.
/// The broker answers the message with (node_id, strong_actor_ptr,
/// std::set<std::string>): the peer, the actor that it offers and the actor's
/// signatures.
handover make_connect_request(caf::actor_system& system,
                              const proven_socket& server, std::uint16_t port);

}  // namespace kvc
