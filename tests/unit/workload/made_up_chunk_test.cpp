#include "apps/workload/made_up_chunk.hpp"

#include <doctest/doctest.h>

#include <set>
#include <vector>

using namespace kvc;

namespace {

std::vector<std::byte> chunk_of(std::size_t size, std::uint64_t hash,
                                std::uint32_t rank) {
  std::vector<std::byte> result(size);
  make_up_chunk(result, hash, rank);
  return result;
}

}  // namespace

TEST_SUITE("made_up_chunk") {
  TEST_CASE("recognizes what it made, of any size") {
    for (std::size_t size = 0; size < 40; ++size)
      CHECK(count_wrong_bytes(chunk_of(size, 7, 1), 7, 1) == 0);
  }

  TEST_CASE("counts every wrong byte, those of the ragged end too") {
    auto chunk = chunk_of(29, 7, 1);
    for (std::size_t i = 0; i < chunk.size(); ++i) {
      chunk[i] ^= std::byte{0x80};
      CHECK(count_wrong_bytes(chunk, 7, 1) == i + 1);
    }
  }

  TEST_CASE("tells hashes and ranks apart") {
    CHECK(count_wrong_bytes(chunk_of(4096, 7, 1), 8, 1) > 1900);
    CHECK(count_wrong_bytes(chunk_of(4096, 7, 1), 7, 0) > 1900);
    CHECK(count_wrong_bytes(chunk_of(4096, 7, 1), 1, 7) > 1900);
  }

  TEST_CASE("makes numbers whose lower byte alone is noise") {
    const auto chunk = chunk_of(4096, 7, 1);
    std::set<std::byte> lower;
    for (std::size_t i = 0; i < chunk.size(); i += 2) {
      lower.insert(chunk[i]);
      CHECK(chunk[i + 1] == std::byte{0x3F});
    }
    CHECK(lower.size() > 200);
  }
}
