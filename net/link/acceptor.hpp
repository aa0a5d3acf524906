#pragma once

#include "messages/registry.hpp"
#include "net/link/link_table.hpp"

#include <caf/actor_system.hpp>
#include <caf/expected.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace kvc {

struct acceptor_options {
  std::string host = "127.0.0.1";  ///< Name or address to listen on.
  std::uint16_t port = 0;          ///< 0 takes any free one.
  std::string secret = {};         ///< See load_secret; empty is weak.
  /// From accepting a connection to the end of CAF's handshake on it, and to
  /// the peer's introduction where that is awaited.
  std::chrono::milliseconds handshake_timeout{2000};
  /// Also cut links on which adopted_socket::mark_introduced() was not called.
  bool awaits_introduction = false;
  /// Above it the oldest unfinished handshake is dropped.
  std::size_t max_pending_handshakes = 256;
};

/// Listens for links. Peers that prove the secret are handed to CAF and get the
/// offered actor; nobody else reaches CAF. Has a thread of its own.
class link_acceptor {
 public:
  /// Acceptors and connectors of one actor system that may link it with the
  /// same processes must share `links`; null gives this one its own.
  explicit link_acceptor(acceptor_options options,
                         std::shared_ptr<link_table> links = nullptr);
  ~link_acceptor();  ///< Stops.

  link_acceptor(const link_acceptor&) = delete;
  link_acceptor& operator=(const link_acceptor&) = delete;

  /// Starts to listen and returns the bound port, or fails with unreachable.
  /// Call it once, and stop() before `system` is destroyed.
  caf::expected<std::uint16_t> start(caf::actor_system& system,
                                     offered_actor offered);

  /// Starts to listen for workers.
  caf::expected<std::uint16_t> start(caf::actor_system& system,
                                     const registrar_actor& registrar);

  /// Closes the port and drops unfinished handshakes. Links that are up stay
  /// up. Returns when the thread has ended; may be called twice.
  void stop();

 private:
  class service;

  acceptor_options options_;
  std::shared_ptr<link_table> links_;
  std::unique_ptr<service> service_;
};

}  // namespace kvc
