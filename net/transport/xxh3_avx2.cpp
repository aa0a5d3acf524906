// Compiled with -mavx2. An inline function from a header might be compiled here
// and linked into the whole program, so this must include none but xxHash's.
#include "net/transport/xxh3_kernel.hpp"

#ifdef __x86_64__

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace kvc::xxh3_avx2 {

static_assert(XXH_VECTOR == XXH_AVX2);

std::uint64_t hash(const std::byte* bytes, std::size_t count) {
  return XXH3_64bits(bytes, count);
}

void update(void* state, const std::byte* bytes, std::size_t count) {
  XXH3_64bits_update(static_cast<XXH3_state_t*>(state), bytes, count);
}

}  // namespace kvc::xxh3_avx2

#endif
