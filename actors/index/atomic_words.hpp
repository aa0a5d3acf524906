#pragma once

#include <cstdint>

namespace kvc {

/// Reads a number that another thread may be writing. Afterwards all is visible
/// that the other thread wrote before the number.
template <class Number>
Number load_acquire(const Number& from) {
  return __atomic_load_n(&from, __ATOMIC_ACQUIRE);
}

/// Writes a number that other threads may be reading.
template <class Number>
void store_release(Number& to, Number value) {
  __atomic_store_n(&to, value, __ATOMIC_RELEASE);
}

}  // namespace kvc
