#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kvc {

/// What a transport may have under way. Reads that are over a limit wait.
struct transport_limits {
  std::uint64_t bytes_in_flight_per_peer = std::uint64_t{32} << 20U;
  std::uint64_t bytes_in_flight = std::uint64_t{128} << 20U;
  std::size_t reads_at_once = 64;     ///< Of one peer: half of it.
  std::size_t reads_waiting = 4'096;  ///< The next is too_busy.
  std::size_t peers = 1'024;          ///< Connected at the same time.
};

/// How a transport is to be set up.
struct transport_options {
  std::uint64_t memory_bytes = 0;  ///< Positive.

  /// A name or an address of ours: the interface that has it serves peers.
  std::string host = "127.0.0.1";

  /// For peers. 0: any; one that is busy is replaced by any.
  std::uint16_t port = 0;

  /// Whether peers on this host may map the memory instead of using TCP.
  bool allow_shared_memory = true;

  transport_limits limits{};

  /// How often a connected peer is asked whether it lives.
  std::chrono::milliseconds keepalive{1'000};

  /// After so long without a read, a connection is closed.
  std::chrono::milliseconds idle_timeout{60'000};

  /// For so long a peer that was lost is not dialled again, twice as long
  /// after each further failure, up to 32 times.
  std::chrono::milliseconds lost_peer_pause{250};
};

}  // namespace kvc
