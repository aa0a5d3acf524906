#pragma once

#include "actors/index/mapped_array.hpp"
#include "apps/workload/splitmix64.hpp"

#include <array>
#include <cstdint>

namespace kvc {

/// What memory allows: random cache lines of a bare array in huge pages, each
/// prefetched long before it is used.
class index_bound {
 public:
  /// Takes about `bytes` of memory and touches all of it.
  explicit index_bound(std::uint64_t bytes);

  /// Returns how many updates of two lines each a core does in a second of its
  /// time.
  double updates_per_second();

  /// Returns how many microseconds of a core's time it takes to read `lines`
  /// lines.
  double read_us(std::uint64_t lines) const;

 private:
  struct alignas(64) cache_line {
    std::array<std::uint64_t, 8> words;
  };

  std::size_t place(std::uint64_t i) const;

  mapped_array<cache_line> lines_;
  std::uint64_t next_ = 0;
};

/// Returns number `i` of a sequence without pattern, without repetitions.
constexpr std::uint64_t scattered(std::uint64_t i) {
  return splitmix64(i * 0x9e3779b97f4a7c15U);
}

}  // namespace kvc
