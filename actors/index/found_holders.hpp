#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace kvc {

/// One membership as readers see it.
struct holder {
  std::uint32_t worker_slot : 31;
  std::uint32_t is_on_disk : 1;  ///< Else it is location::cpu.

  friend bool operator==(const holder&, const holder&) = default;
};

/// The holders of a number of hashes. Equal ones may be there once only.
struct found_holders {
  struct range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  std::vector<range> ranges;  ///< By hash; of `holders`.
  std::vector<holder> holders;
  std::vector<std::uint32_t> scratch;  ///< Of `find`.

  /// Returns the holders of the hash at position `i`.
  std::span<const holder> of(std::size_t i) const {
    const auto& x = ranges[i];
    return std::span{holders}.subspan(x.begin, x.end - x.begin);
  }
};

}  // namespace kvc
