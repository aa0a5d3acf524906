#include "net/transport/checksum.hpp"
#include "net/transport/xxh3_kernel.hpp"

#include <doctest/doctest.h>

#define XXH_STATIC_LINKING_ONLY  // For the size of the state.
#include <xxhash.h>

#include <array>
#include <random>
#include <vector>

using namespace kvc;

namespace {

std::vector<std::byte> random_bytes(std::size_t count) {
  std::mt19937_64 random{count};
  std::vector<std::byte> result(count);
  for (auto& x : result)
    x = static_cast<std::byte>(random());
  return result;
}

// Around the sizes at which XXH3 and the copy change their ways.
constexpr auto sizes = std::to_array<std::size_t>(
  {0, 1, 16, 17, 63, 64, 128, 240, 241, 1'024, 4'095, 4'096, 4'097, 262'144,
   300'001, 4'194'304, 5'000'003});

}  // namespace

TEST_SUITE("checksum") {
  TEST_CASE("is what the library computes") {
    for (const auto size : sizes) {
      const auto bytes = random_bytes(size);
      CHECK(checksum_of(bytes) == ::XXH3_64bits(bytes.data(), size));
    }
    CHECK(checksum_of({}) == 0x2d06800538d394c2);
  }

  TEST_CASE("is the same by all ways that this processor has") {
    for (const auto& kernel : xxh3_kernels()) {
      for (const auto size : sizes) {
        const auto bytes = random_bytes(size);
        const auto expected = ::XXH3_64bits(bytes.data(), size);
        CHECK(kernel.hash(bytes.data(), size) == expected);
        XXH3_state_t state;
        ::XXH3_64bits_reset(&state);
        kernel.update(&state, bytes.data(), size / 3);
        kernel.update(&state, bytes.data() + size / 3, size - size / 3);
        CHECK(::XXH3_64bits_digest(&state) == expected);
      }
    }
  }

  TEST_CASE("comes with a copy, of unaligned bytes too") {
    for (const auto size : sizes) {
      const auto bytes = random_bytes(size + 1);
      const auto from = std::span{bytes}.subspan(1);
      std::vector<std::byte> to(size + 2, std::byte{0x5A});
      CHECK(copy_with_checksum(std::span{to}.first(size), from) ==
            checksum_of(from));
      CHECK(std::equal(from.begin(), from.end(), to.begin()));
      CHECK(to[size] == std::byte{0x5A});
      CHECK(to[size + 1] == std::byte{0x5A});
    }
  }
}
