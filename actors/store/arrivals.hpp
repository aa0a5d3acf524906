#pragma once

#include "actors/store/chunk_store.hpp"

#include <optional>
#include <span>
#include <unordered_set>

namespace kvc {

/// The chunks that somebody wants and that were on their way to their location
/// when he came.
class arrivals {
 public:
  /// Without `wanted` all. `store` must outlive it.
  arrivals(chunk_store& store,
           std::optional<std::span<const std::uint64_t>> wanted);

  /// Whether all that can have arrived.
  bool are_over() const { return due_.empty(); }

  /// Has one of all chunks on their way arrive. Takes as long as a file takes.
  void bring_one();

 private:
  chunk_store* store_;
  std::unordered_set<std::uint64_t> due_;
};

}  // namespace kvc
