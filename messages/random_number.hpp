#pragma once

#include <cstdint>
#include <random>

namespace kvc {

/// Returns a random number from the system: nobody can guess it.
inline std::uint64_t random_number() {
  std::random_device device;
  return std::uint64_t{device()} << 32U | device();
}

}  // namespace kvc
