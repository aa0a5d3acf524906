#pragma once

#include "messages/registry.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>
#include <caf/message.hpp>

#include <cstdint>
#include <memory>
#include <mutex>

namespace kvc {

// The one place that uses messages internal to CAF's network broker, which
// Debian's frozen 0.17.6 makes safe. BASP is the protocol that CAF speaks.

/// What remains in our hands of a socket that CAF has taken over. Thread-safe.
class adopted_socket {
 public:
  explicit adopted_socket(int fd) : fd_(fd) {}

  /// Whether CAF still holds the socket.
  bool is_open() const;

  /// Whether the peer has finished CAF's handshake.
  bool is_established() const;

  /// Ends the connection, whatever CAF is doing with it.
  void cut();

 private:
  friend class guarded_scribe;

  void mark_established();
  void mark_closed();

  mutable std::mutex mutex_;
  int fd_;  ///< -1 once CAF has closed it.
  bool is_established_ = false;
};

/// Which end of the connection we are.
enum class link_side { server, client };

/// Returns CAF's network broker. Needs a system made by configure_link.
caf::actor basp_broker(caf::actor_system& system);

/// Offers `registrar` to the authenticated peer on `fd`, which is CAF's from
/// now on. `port` tells the process's acceptors apart.
std::shared_ptr<adopted_socket> serve_link(caf::actor_system& system, int fd,
                                           std::uint16_t port,
                                           const registrar_actor& registrar);

/// Lets go of the registrar that serve_link offered on `port`.
void forget_registrar(caf::actor_system& system, std::uint16_t port,
                      const registrar_actor& registrar);

/// What takes over a connected socket, and what remains of it.
struct connect_request {
  /// For the broker, which answers (node_id, strong_actor_ptr,
  /// std::set<std::string>): the peer, what it offers, with what signatures.
  caf::message message;
  std::shared_ptr<adopted_socket> socket;
};

/// Prepares to link with the authenticated server on `fd`, which is CAF's from
/// now on.
connect_request make_connect_request(caf::actor_system& system, int fd,
                                     std::uint16_t port);

}  // namespace kvc
