#pragma once

#include "config/host_address.hpp"
#include "messages/registry.hpp"
#include "net/link/link_table.hpp"

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kvc {

struct acceptor_options {
  host_address host = "127.0.0.1";  ///< To listen on.
  std::uint16_t port = 0;           ///< 0 takes any free one.
  std::string secret = {};  ///< From load_secret. Empty: anyone may join.

  /// How long a peer has, from the moment its connection was accepted, for our
  /// handshake, for CAF's, and for its introduction where that is awaited.
  std::chrono::milliseconds handshake_timeout{2000};

  /// Whether a link counts only once adopted_socket::mark_introduced() was
  /// called on it.
  bool awaits_introduction = false;

  /// With more unfinished handshakes than this, the oldest is dropped.
  std::size_t max_pending_handshakes = 256;

  /// Called, by the acceptor's thread, for a peer that has another secret or
  /// another version. May be empty.
  std::function<void(const refusal&)> on_refused = {};
};

/// Listens for links, on a thread of its own. A peer that proves it knows the
/// secret is handed to CAF and gets the offered actor; nobody else reaches CAF.
class link_acceptor {
 public:
  /// All acceptors and connectors of an actor system that could link it with
  /// the same process must share `links`. Null: this acceptor has its own.
  explicit link_acceptor(acceptor_options options,
                         std::shared_ptr<link_table> links = nullptr);
  ~link_acceptor();  ///< Stops.

  link_acceptor(const link_acceptor&) = delete;
  link_acceptor& operator=(const link_acceptor&) = delete;

  /// Starts to listen, and returns what was bound, an address in digits and a
  /// port; fails with unreachable. Call it once, and stop() before `system` is
  /// destroyed.
  caf::expected<host_and_port> start(caf::actor_system& system,
                                     offered_actor offered);

  /// Starts to listen for workers, which get the registrar.
  caf::expected<host_and_port> start(caf::actor_system& system,
                                     const registrar_actor& registrar);

  /// Takes another secret for handshakes to come. The links that are up stay.
  void set_secret(std::string secret);

  /// Closes the port and drops unfinished handshakes; links that are up stay
  /// up. Returns when the thread has ended. May be called twice.
  void stop();

 private:
  class service;

  acceptor_options options_;
  std::shared_ptr<link_table> links_;
  std::unique_ptr<service> service_;
};

}  // namespace kvc
