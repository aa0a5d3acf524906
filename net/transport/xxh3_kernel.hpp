#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kvc {

/// The XXH3-64 of the xxHash library, compiled for certain processors. All
/// kernels work on the same XXH3_state_t and have the same results.
struct xxh3_kernel {
  std::uint64_t (*hash)(const std::byte* bytes, std::size_t count);
  void (*update)(void* state, const std::byte* bytes, std::size_t count);
};

/// Returns the kernels that this processor can run, the slowest first. There is
/// at least one.
std::span<const xxh3_kernel> xxh3_kernels();

#ifdef __x86_64__
namespace xxh3_avx2 {

std::uint64_t hash(const std::byte* bytes, std::size_t count);
void update(void* state, const std::byte* bytes, std::size_t count);

}  // namespace xxh3_avx2
#endif

}  // namespace kvc
