#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// One membership, as `kv_index::find` reports it.
struct holder {
  std::uint32_t worker_slot : 31;
  std::uint32_t is_on_disk : 1;  ///< 0: location::cpu, 1: location::disk.

  friend bool operator==(const holder&, const holder&) = default;
};

/// What `kv_index::find` answers: the holders of each hash that was asked for.
/// Hashes with the same holders may share a range. (The index itself keeps
/// holders as holder_sets.)
struct found_holders {
  struct range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  std::vector<range> ranges;  ///< Of `holders`, one for each hash asked for.
  std::vector<holder> holders;
  std::vector<std::uint32_t> scratch;  ///< Memory that `find` reuses.

  /// Returns the holders of the i-th hash that was asked for.
  std::span<const holder> of(std::size_t i) const {
    const auto& x = ranges[i];
    return std::span{holders}.subspan(x.begin, x.end - x.begin);
  }
};

}  // namespace kvc
