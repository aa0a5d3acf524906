#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvc {

/// How a way of copying did; medians.
struct transfer_figure {
  std::string way;
  double gb = 0;              ///< GB per second.
  double share = 0;           ///< Of memcpy's speed, or of the plain socket's.
  double cpu_per_gb = 0;      ///< CPU seconds of all processes per GB.
  double first_chunk_us = 0;  ///< To read one chunk alone; 0 if not measured.
};

/// All ways, side by side, for one size of chunks.
struct transfer_round {
  std::uint64_t chunk_bytes = 0;
  std::vector<transfer_figure> figures;
};

struct transfer_report {
  std::vector<transfer_round> rounds;
  double idle_cpu = 0;  ///< Of a core, of a reader with connected peers.
};

/// Reads chunks of 64 KiB to 32 MiB from other processes, from one and from
/// two, over shared memory, UCX over TCP and a plain socket, with and without
/// verification, and compares with memcpy of as many bytes; `repetitions` times
/// in turn. Every byte is checked. Fails with unreachable or invalid_request.
caf::expected<transfer_report> measure_transfer(std::size_t repetitions);

}  // namespace kvc
