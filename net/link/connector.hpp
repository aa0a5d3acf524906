#pragma once

#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace kvc {

struct connector_options {
  std::string host = {};  ///< Name or address of the controller.
  std::uint16_t port = 0;
  std::string secret = {};                            ///< See load_secret.
  std::chrono::milliseconds connect_timeout{1500};    ///< Resolving included.
  std::chrono::milliseconds handshake_timeout{2000};  ///< Our handshake.
  std::chrono::milliseconds caf_timeout{2000};        ///< Then CAF's.
};

/// Returns the longest time a dial may take: what a request to the dialer needs
/// as its timeout.
std::chrono::milliseconds dial_timeout(const connector_options& options);

/// Owns a connected socket until release().
class linked_socket {
 public:
  explicit linked_socket(int fd) : fd_(fd) {}
  ~linked_socket();  ///< Closes it.

  linked_socket(const linked_socket&) = delete;
  linked_socket& operator=(const linked_socket&) = delete;

  /// Gives the descriptor away.
  int release();

 private:
  int fd_;
};

/// Opens sockets to the controller and does our side of the handshake on them,
/// on a thread of its own.
class link_connector {
 public:
  /// Called once per connect(), from the connector's thread: either with a
  /// socket, or with null and unreachable, timed_out, unauthorized or
  /// version_mismatch. Never called after stop().
  using callback =
    std::function<void(std::shared_ptr<linked_socket>, caf::error)>;

  link_connector(caf::actor_system& system, connector_options options);
  ~link_connector();  ///< Stops.

  link_connector(const link_connector&) = delete;
  link_connector& operator=(const link_connector&) = delete;

  const connector_options& options() const { return options_; }

  /// Starts an attempt; none any more after stop(). Thread-safe.
  void connect(callback done);

  /// Abandons what runs. Returns at once even in the middle of connecting; may
  /// be called twice.
  void stop();

 private:
  class service;

  connector_options options_;
  std::unique_ptr<service> service_;
};

}  // namespace kvc
