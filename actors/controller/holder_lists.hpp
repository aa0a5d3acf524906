#pragma once

#include <cstdint>
#include <vector>

namespace kvc {

/// One membership as readers see it.
struct holder {
  std::uint32_t worker_slot : 31;
  std::uint32_t is_on_disk : 1;  ///< Else it is location::cpu.

  friend bool operator==(const holder&, const holder&) = default;
};

/// The holders of a number of hashes, one after the other.
struct holder_lists {
  std::vector<std::uint32_t> ends;  ///< Where each hash's holders end.
  std::vector<holder> holders;
  std::vector<std::uint32_t> scratch;  ///< Of `find`.
};

}  // namespace kvc
