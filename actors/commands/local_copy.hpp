#pragma once

#include "actors/peers/transfer_batch.hpp"
#include "actors/store/chunk_holds.hpp"

#include <memory>
#include <span>
#include <vector>

namespace kvc {

/// Copies chunks from one location of a rank to the other.
class local_copy {
 public:
  /// Both stores must outlive the copy and its results.
  local_copy(cpu_store& cpu, disk_store& disk, location to)
      : cpu_(&cpu), disk_(&disk), to_(to) {}

  struct result {
    std::vector<fetched_chunk> chunks;  ///< In the order asked.

    /// Keeps the chunks at the destination from being evicted.
    std::shared_ptr<const void> holds;
  };

  /// Copies those of `hashes` that the source has. Takes as long as files take.
  result copy(std::span<const std::uint64_t> hashes);

 private:
  void to_cpu(std::size_t place, fetched_chunk& chunk, chunk_holds& holds);
  void to_disk(std::size_t place, fetched_chunk& chunk, chunk_holds& holds);

  cpu_store* cpu_;
  disk_store* disk_;
  location to_;
};

}  // namespace kvc
