#pragma once

#include "apps/bench/file_descriptor.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace kvc {

/// A network that can be cut: takes connections at a port of its own on the
/// loopback and forwards them to another port. Thread-safe.
class tcp_forwarder {
 public:
  /// Begins to forward to `target_port`. Fails with unreachable.
  static caf::expected<std::unique_ptr<tcp_forwarder>> start(
    std::uint16_t target_port);

  tcp_forwarder(const tcp_forwarder&) = delete;
  tcp_forwarder& operator=(const tcp_forwarder&) = delete;
  ~tcp_forwarder();

  std::uint16_t port() const { return port_; }

  /// Ends all connections and refuses new ones, until heal().
  void cut();

  /// Takes connections again. Fails with unreachable if the port is gone.
  caf::expected<void> heal();

 private:
  struct connection {
    file_descriptor client;
    file_descriptor server;
  };

  explicit tcp_forwarder(std::uint16_t target_port)
      : target_port_(target_port) {}

  void run();
  void serve_once();
  void accept_one();
  void wake() const;

  const std::uint16_t target_port_;
  std::uint16_t port_ = 0;  ///< Constant after the start.
  file_descriptor wake_;    ///< Constant after the start.

  std::mutex mutex_;
  bool is_stopped_ = false;
  std::uint64_t cuts_ = 0;  ///< What was polled before one means nothing.
  file_descriptor listener_;
  std::vector<connection> connections_;

  std::thread thread_;
};

}  // namespace kvc
