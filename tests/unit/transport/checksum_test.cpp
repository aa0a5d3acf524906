#include "net/transport/checksum.hpp"

#include <doctest/doctest.h>
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
  {0, 1, 16, 17, 128, 240, 241, 1'024, 131'071, 131'072, 131'073, 262'144,
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
