#pragma once

#include "apps/bench/file_descriptor.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace kvc {

/// A process that owns two memories of equal size and content for others to
/// read: one that peers on this host may map and one that is read over TCP
/// alone, by UCX or through a plain socket. It ends with this object.
class transfer_peer {
 public:
  /// Forks, so call it while this process has no other threads. Fails with
  /// unreachable.
  static caf::expected<transfer_peer> start(std::uint64_t bytes);

  transfer_peer(transfer_peer&& other) noexcept;
  transfer_peer& operator=(transfer_peer&& other) noexcept;
  ~transfer_peer();

  /// Addresses of its transports.
  const std::shared_ptr<const std::string>& shared() const { return shared_; }
  const std::shared_ptr<const std::string>& tcp() const { return tcp_; }

  /// Where it serves the second memory through plain sockets.
  std::uint16_t socket_port() const { return socket_port_; }

  /// Returns the CPU seconds it has used.
  double cpu_seconds() const;

 private:
  transfer_peer() = default;

  int pid_ = -1;
  file_descriptor control_;
  std::shared_ptr<const std::string> shared_;
  std::shared_ptr<const std::string> tcp_;
  std::uint16_t socket_port_ = 0;
};

/// Fills a memory with what every peer has.
void fill_transfer_memory(std::byte* memory, std::uint64_t bytes);

}  // namespace kvc
