#include "actors/worker/cache_engine.hpp"

#include "tests/unit/worker/store_support.hpp"

#include <algorithm>
#include <numeric>

using namespace kvc;

namespace {

using tokens = std::vector<std::uint32_t>;
using bytes = std::vector<std::byte>;
using enum chunk_outcome;

constexpr std::uint32_t chunk_size = 4;
constexpr std::uint64_t chunk_bytes = 4096;

/// Three chunks of tokens.
const tokens prompt{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/// Bytes of the prompt's chunks, which compress.
bytes made_up() {
  bytes result(3 * chunk_bytes);
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = static_cast<std::byte>(i / 64);
  return result;
}

template <class Byte>
std::vector<std::span<Byte>> cut(bytes& data) {
  std::vector<std::span<Byte>> result;
  for (std::size_t i = 0; i < data.size(); i += chunk_bytes)
    result.emplace_back(data.data() + i, chunk_bytes);
  return result;
}

/// An engine that holds `prompt` in memory.
struct location_fixture {
  test::change_recorder log;
  std::unique_ptr<cache_engine> engine;
  std::vector<std::uint64_t> hashes;

  location_fixture() {
    auto made = cache_engine::make({.hashing = {.chunk_size = chunk_size},
                                    .capacity_bytes = 8 * chunk_bytes,
                                    .bytes_per_token = chunk_bytes / chunk_size,
                                    .listener = &log});
    REQUIRE(made);
    engine = std::move(*made);
    auto source = made_up();
    REQUIRE(engine->store(prompt, cut<const std::byte>(source)));
    for (const auto& [is_admitted, hash] : log.take())
      hashes.push_back(hash);
  }

  /// Returns how many tokens it got back; checks their bytes.
  std::size_t retrieve() {
    bytes copy(3 * chunk_bytes);
    const auto got = engine->retrieve(prompt, cut<std::byte>(copy));
    REQUIRE(got);
    const auto size = *got / chunk_size * chunk_bytes;
    const auto expected = made_up();
    CHECK(std::equal(copy.begin(),
                     copy.begin() + static_cast<std::ptrdiff_t>(size),
                     expected.begin()));
    return *got;
  }
};

}  // namespace

TEST_SUITE("cache_engine locations") {
  TEST_CASE_FIXTURE(location_fixture, "has the locations it was given") {
    REQUIRE(engine->at(location::cpu) != nullptr);
    CHECK(engine->at(location::cpu)->usage().chunks == 3);
    CHECK(engine->at(location::disk) == nullptr);
  }

  TEST_CASE_FIXTURE(location_fixture, "restores what was compressed") {
    auto& store = *engine->at(location::cpu);
    REQUIRE(store.recode(hashes[0], codec::zstd).outcome == done);
    REQUIRE(store.recode(hashes[2], codec::lz4).outcome == done);
    CHECK(store.usage().used_bytes < 2 * chunk_bytes);
    CHECK(retrieve() == prompt.size());
    CHECK(engine->contains(prompt) == prompt.size());
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(location_fixture, "drops what turns out to be damaged") {
    auto& store = dynamic_cast<cpu_store&>(*engine->at(location::cpu));
    REQUIRE(store.recode(hashes[1], codec::zstd).outcome == done);
    {
      const auto reader = store.borrow({&hashes[1], 1});
      const auto held = reader.chunks().front().bytes;
      // The only way to damage what nobody may write.
      auto* first = const_cast<std::byte*>(held.data());  // NOLINT
      std::fill_n(first, held.size(), std::byte{0xFF});
    }
    CHECK(retrieve() == chunk_size);
    CHECK(log.take() ==
          std::vector<test::change_recorder::change>{{false, hashes[1]}});
    CHECK(engine->check_memory() == "");
    auto source = made_up();
    REQUIRE(engine->store(prompt, cut<const std::byte>(source)));
    CHECK(retrieve() == prompt.size());
  }
}
