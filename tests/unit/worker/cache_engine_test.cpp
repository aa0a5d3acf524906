#include "actors/worker/cache_engine.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "messages/errors.hpp"
#include "tests/support/store_support.hpp"

#include <atomic>
#include <cstring>
#include <numeric>
#include <thread>

using namespace kvc;

namespace {

using tokens = std::vector<std::uint32_t>;
using bytes = std::vector<std::byte>;

constexpr std::uint32_t chunk_size = 4;
constexpr std::uint64_t bytes_per_token = 32;
constexpr std::size_t chunk_bytes = chunk_size * bytes_per_token;

/// `count` tokens, the first of which tells prompts apart.
tokens prompt(std::uint32_t first, std::size_t count) {
  tokens result(count);
  std::iota(result.begin(), result.end(), first);
  return result;
}

/// KV bytes as the inference code has them, and their chunks.
struct kv_buffer {
  explicit kv_buffer(std::size_t token_count, unsigned salt = 0)
      : data(token_count * bytes_per_token) {
    for (std::size_t i = 0; i < data.size(); ++i)
      data[i] = static_cast<std::byte>(i * 7 + i / 256 + salt);
  }

  template <class Byte>
  std::vector<std::span<Byte>> cut(std::size_t count) {
    std::vector<std::span<Byte>> result;
    for (std::size_t i = 0; i < count; ++i) {
      const auto offset = i * chunk_bytes;
      result.emplace_back(data.data() + offset,
                          std::min(chunk_bytes, data.size() - offset));
    }
    return result;
  }

  bytes data;
};

struct engine_fixture {
  test::change_recorder log;
  std::unique_ptr<cache_engine> engine = make(false, 4 * chunk_bytes);

  std::unique_ptr<cache_engine> make(bool save_unfull_chunk,
                                     std::uint64_t capacity_bytes) {
    auto result = cache_engine::make({.hashing = {.chunk_size = chunk_size},
                                      .save_unfull_chunk = save_unfull_chunk,
                                      .capacity_bytes = capacity_bytes,
                                      .bytes_per_token = bytes_per_token,
                                      .listener = &log});
    REQUIRE(result);
    return std::move(*result);
  }

  caf::expected<store_result> store(const tokens& prompt, unsigned salt = 0) {
    kv_buffer source{prompt.size(), salt};
    return engine->store(prompt,
                         source.cut<const std::byte>(prompt.size() / 4));
  }

  caf::expected<std::size_t> retrieve(const tokens& prompt,
                                      kv_buffer& destination) {
    return engine->retrieve(prompt,
                            destination.cut<std::byte>(prompt.size() / 4));
  }
};

}  // namespace

TEST_SUITE("cache_engine") {
  TEST_CASE("refuses options that make no sense") {
    CHECK(cache_engine::make({.hashing = {.chunk_size = 0},
                              .capacity_bytes = 64,
                              .bytes_per_token = 1}) ==
          caf::error{errc::invalid_request});
    CHECK(cache_engine::make({.capacity_bytes = 64, .bytes_per_token = 0}) ==
          caf::error{errc::invalid_request});
    CHECK(cache_engine::make({.capacity_bytes = 63, .bytes_per_token = 1}) ==
          caf::error{errc::invalid_request});
  }

  TEST_CASE_FIXTURE(engine_fixture,
                    "gives back what was stored, byte by byte") {
    REQUIRE(store(prompt(1, 12)) == store_result{.stored = 3});
    kv_buffer copy{12, 99};
    REQUIRE(retrieve(prompt(1, 12), copy) == 12);
    CHECK(copy.data == kv_buffer{12}.data);
    CHECK(engine->contains(prompt(1, 12)) == 12);
    CHECK(engine->cpu()->check() == "");
  }

  TEST_CASE_FIXTURE(engine_fixture, "names chunks as the hasher does") {
    REQUIRE(store(prompt(1, 8)));
    const chunk_hasher hasher{{.chunk_size = chunk_size}, false};
    const auto hashes = hasher.hash_prompt(prompt(1, 8));
    CHECK(log.changes == std::vector<test::change_recorder::change>{
                           {true, hashes[0]}, {true, hashes[1]}});
    CHECK(engine->has(hashes[1]));
    CHECK(engine->scan(location::cpu, 0, 10).hashes == hashes);
    CHECK(engine->scan(location::disk, 0, 10).hashes.empty());
    const auto usage = engine->usage();
    REQUIRE(usage.size() == 1);
    CHECK(usage[0].where == location::cpu);
    CHECK(usage[0].chunks == 2);
    CHECK(usage[0].used_bytes == 2 * chunk_bytes);
    CHECK(usage[0].capacity_bytes == 4 * chunk_bytes);
  }

  TEST_CASE_FIXTURE(engine_fixture, "copies the common prefix only") {
    REQUIRE(store(prompt(1, 8)));
    auto other = prompt(1, 12);
    other[9] = 77;
    kv_buffer copy{12, 99};
    auto expected = copy.data;
    std::memcpy(expected.data(), kv_buffer{8}.data.data(), 2 * chunk_bytes);
    CHECK(retrieve(other, copy) == 8);
    CHECK(copy.data == expected);
    CHECK(engine->contains(other) == 8);
    other[0] = 77;
    CHECK(retrieve(other, copy) == 0);
    CHECK(engine->contains(other) == 0);
  }

  TEST_CASE_FIXTURE(engine_fixture, "copies no more than it is asked for") {
    REQUIRE(store(prompt(1, 12)));
    kv_buffer copy{12, 99};
    CHECK(engine->retrieve(prompt(1, 12), copy.cut<std::byte>(1)) == 4);
    CHECK(copy.data[chunk_bytes] == kv_buffer{12, 99}.data[chunk_bytes]);
    CHECK(engine->retrieve(prompt(1, 12), {}) == 0);
  }

  TEST_CASE_FIXTURE(engine_fixture, "does not copy what is held already") {
    REQUIRE(store(prompt(1, 8), 0));
    CHECK(store(prompt(1, 12), 50) ==
          store_result{.stored = 1, .already_held = 2});
    kv_buffer copy{8};
    REQUIRE(retrieve(prompt(1, 8), copy) == 8);
    CHECK(copy.data == kv_buffer{8, 0}.data);
  }

  TEST_CASE_FIXTURE(engine_fixture, "ignores a partial chunk by default") {
    const auto ragged = prompt(1, 10);
    kv_buffer source{10};
    CHECK(engine->store(ragged, source.cut<const std::byte>(3)) ==
          caf::error{errc::invalid_request});
    CHECK(engine->store(ragged, source.cut<const std::byte>(2)) ==
          store_result{.stored = 2});
    CHECK(engine->contains(ragged) == 8);
    CHECK(engine->store(prompt(1, 3), {}) == store_result{});
    CHECK(engine->contains(prompt(1, 3)) == 0);
  }

  TEST_CASE_FIXTURE(engine_fixture, "keeps a partial chunk if told to") {
    engine = make(true, 4 * chunk_bytes);
    const auto ragged = prompt(1, 10);
    kv_buffer source{10};
    CHECK(engine->store(ragged, source.cut<const std::byte>(2)) ==
          caf::error{errc::invalid_request});
    REQUIRE(engine->store(ragged, source.cut<const std::byte>(3)) ==
            store_result{.stored = 3});
    CHECK(engine->contains(ragged) == 10);
    CHECK(engine->contains(prompt(1, 9)) == 8);
    kv_buffer copy{10, 99};
    CHECK(engine->retrieve(ragged, copy.cut<std::byte>(3)) == 10);
    CHECK(copy.data == source.data);
  }

  TEST_CASE_FIXTURE(engine_fixture,
                    "refuses spans of the wrong number or size") {
    kv_buffer source{12};
    const auto right = source.cut<const std::byte>(3);
    auto small = right;
    small[1] = small[1].first(chunk_bytes - 1);
    CHECK(engine->store(prompt(1, 12), small) ==
          caf::error{errc::invalid_request});
    CHECK(engine->store(prompt(1, 8), right) ==
          caf::error{errc::invalid_request});
    CHECK(log.changes.empty());
    REQUIRE(engine->store(prompt(1, 12), right));
    auto targets = source.cut<std::byte>(3);
    CHECK(engine->retrieve(prompt(1, 8), targets) ==
          caf::error{errc::invalid_request});
    targets[2] = targets[2].first(1);
    CHECK(engine->retrieve(prompt(1, 12), targets) ==
          caf::error{errc::invalid_request});
  }

  TEST_CASE_FIXTURE(engine_fixture, "keeps the head of a prompt too long") {
    CHECK(store(prompt(1, 24)) == store_result{.stored = 4, .failed = 2});
    CHECK(store(prompt(1, 24)) == store_result{.already_held = 4, .failed = 2});
    CHECK(engine->contains(prompt(1, 24)) == 16);
  }

  TEST_CASE_FIXTURE(engine_fixture, "fails when there is no room for a chunk") {
    engine = make(false, chunk_bytes - 1);
    CHECK(store(prompt(1, 8)) == caf::error{errc::no_capacity});
    CHECK(engine->usage()[0].used_bytes == 0);
    CHECK(log.changes.empty());
  }

  TEST_CASE_FIXTURE(engine_fixture, "drops the chunks of a prompt") {
    REQUIRE(store(prompt(1, 12)));
    REQUIRE(store(prompt(50, 4)));
    log.take();
    CHECK(engine->evict(prompt(1, 8)) == 2);
    CHECK(engine->evict(prompt(1, 8)) == 0);
    CHECK(engine->contains(prompt(1, 12)) == 0);
    CHECK(engine->contains(prompt(50, 4)) == 4);
    CHECK(log.take().size() == 2);
    CHECK(engine->usage()[0].chunks == 2);
  }

  TEST_CASE_FIXTURE(engine_fixture, "serves many threads that share a prompt") {
    engine = make(false, 24 * chunk_bytes);
    std::atomic<std::size_t> wrong{0};
    const auto work = [&](std::uint32_t seed) {
      for (std::uint32_t i = 0; i < 400; ++i) {
        const auto mine = prompt((i + seed) % 5 * 100, 32);
        kv_buffer source{32, mine[0]};
        const auto stored = engine->store(mine, source.cut<const std::byte>(8));
        kv_buffer copy{32, 99};
        const auto held = engine->retrieve(mine, copy.cut<std::byte>(8));
        if (!stored || !held ||
            std::memcmp(copy.data.data(), source.data.data(),
                        *held * bytes_per_token) != 0)
          ++wrong;
      }
    };
    std::thread first{work, 0};
    std::thread second{work, 1};
    work(2);
    first.join();
    second.join();
    CHECK(wrong == 0);
    CHECK(engine->cpu()->check() == "");
    CHECK(log.held().size() == engine->usage()[0].chunks);
  }
}
