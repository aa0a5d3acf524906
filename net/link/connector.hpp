#pragma once

#include "config/host_address.hpp"
#include "net/link/link_table.hpp"

#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace kvc {

struct connector_options {
  host_address host = {};  ///< The controller's.
  std::uint16_t port = 0;
  std::string secret = {};                            ///< From load_secret.
  std::chrono::milliseconds connect_timeout{1500};    ///< Includes resolving.
  std::chrono::milliseconds handshake_timeout{2000};  ///< For our handshake.
  std::chrono::milliseconds caf_timeout{2000};        ///< For CAF's after that.
};

/// Returns the longest time that a dial may take. A request to the dialer needs
/// it as its timeout.
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

/// How an attempt to connect ended.
struct connect_result {
  std::shared_ptr<linked_socket> socket;  ///< To a peer that knows the secret.
  std::shared_ptr<link_place> place;  ///< The peer's, if there is a link_table.
  process_id peer{};                  ///< The process that listens, if known.

  /// Where others reach us: the address of our end of the socket as the peer
  /// sees it, or if that is the peer's own machine's alone, as we see it.
  host_address own_address;

  /// Why there is no socket: unreachable, timed_out, unauthorized or
  /// version_mismatch. None if there is one, or if the link with `peer` exists
  /// or is being made by another socket.
  caf::error error;
};

/// Opens sockets to other processes and does our handshake on them, on a thread
/// of its own. Does not give them to CAF.
class link_connector {
 public:
  /// Called once for each connect(), from the connector's thread. Never called
  /// after stop().
  using callback = std::function<void(connect_result)>;

  /// With `links`, a peer is connected to only if it gets a place there.
  link_connector(caf::actor_system& system, connector_options options,
                 std::shared_ptr<link_table> links = nullptr);
  ~link_connector();  ///< Stops.

  link_connector(const link_connector&) = delete;
  link_connector& operator=(const link_connector&) = delete;

  const connector_options& options() const { return options_; }

  /// Starts an attempt to reach `target`, unless stop() was called.
  /// Thread-safe.
  void connect(host_and_port target, callback done);

  /// Starts an attempt to reach the host and the port of the options.
  void connect(callback done) {
    connect({options_.host, options_.port}, std::move(done));
  }

  /// Takes another secret for attempts to come. Thread-safe.
  void set_secret(std::string secret);

  /// Abandons all attempts and returns at once. May be called twice.
  void stop();

 private:
  class service;

  connector_options options_;
  std::mutex mutex_;
  std::unique_ptr<service> service_;  ///< Null once stopped.
};

}  // namespace kvc
