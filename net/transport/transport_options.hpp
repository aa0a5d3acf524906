#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kvc {

/// How much a transport may have under way. Reads beyond a limit wait.
struct transport_limits {
  std::uint64_t bytes_in_flight_per_peer = std::uint64_t{32} << 20U;
  std::uint64_t bytes_in_flight = std::uint64_t{128} << 20U;
  std::size_t reads_at_once = 64;     ///< Half of them from one peer at most.
  std::size_t reads_waiting = 4'096;  ///< Further ones end as too_busy.
  std::size_t peers = 1'024;          ///< Connected at the same time.
};

/// How a transport is to be set up.
struct transport_options {
  std::uint64_t memory_bytes = 0;  ///< Positive.

  /// A name or an address of this machine: peers are served at the interface
  /// that has it.
  std::string host = "127.0.0.1";

  /// The port for peers. If it is 0 or busy, the system chooses another one.
  std::uint16_t port = 0;

  /// Whether peers on this host may map the memory instead of using TCP.
  bool allow_shared_memory = true;

  transport_limits limits{};

  /// How often UCX checks that a connected peer is alive.
  std::chrono::milliseconds keepalive{1'000};

  /// A connection without reads is closed after this time.
  std::chrono::milliseconds idle_timeout{60'000};

  /// A peer that was lost is not connected to again for this time. Each further
  /// loss doubles the time, up to 32 times this.
  std::chrono::milliseconds lost_peer_pause{250};
};

}  // namespace kvc
