#include "actors/worker/cache_engine.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "messages/errors.hpp"
#include "tests/support/store_support.hpp"
#include "tests/support/temporary_directory.hpp"

#include <algorithm>
#include <numeric>

using namespace kvc;

namespace {

using tokens = std::vector<std::uint32_t>;
using bytes = std::vector<std::byte>;
using changes = std::vector<test::change_recorder::change>;
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

/// Engines that were given `prompt`.
struct location_fixture {
  enum class kind { memory, disk, both };

  test::temporary_directory directory;
  test::change_recorder memory_log;
  test::change_recorder disk_log{location::disk};
  std::unique_ptr<cache_engine> engine;
  disk_store* disk = nullptr;
  std::vector<std::uint64_t> hashes =
    chunk_hasher{{.chunk_size = chunk_size}, false}.hash_prompt(prompt);

  void make(kind what) {
    cache_engine_options options;
    options.hashing.chunk_size = chunk_size;
    options.bytes_per_token = chunk_bytes / chunk_size;
    options.capacity_bytes = what == kind::disk ? 0 : 8 * chunk_bytes;
    options.listener = &memory_log;
    if (what != kind::memory) {
      auto opened = disk_store::open(
        {.directory = directory.path(),
         .capacity_bytes = 100 * chunk_bytes,
         .identity =
           {{"a", 0}, "", options.hashing, {}, options.bytes_per_token},
         .max_queue_bytes = 3 * chunk_bytes,
         .listener = &disk_log});
      REQUIRE(opened);
      disk = opened->get();
      options.disk = std::move(*opened);
    }
    auto made = cache_engine::make(std::move(options));
    REQUIRE(made);
    engine = std::move(*made);
    REQUIRE(store() == store_result{.stored = 3});
  }

  store_result store() {
    auto source = made_up();
    const auto result = engine->store(prompt, cut<const std::byte>(source));
    REQUIRE(result);
    return *result;
  }

  void write_all() {
    while (disk->write_next()) {
    }
  }

  std::size_t chunks_at(location where) {
    return engine->at(where)->usage().chunks;
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
  TEST_CASE_FIXTURE(location_fixture, "wants one at least") {
    const auto made =
      cache_engine::make({.capacity_bytes = 0, .bytes_per_token = 1});
    REQUIRE_FALSE(made);
    CHECK(describe(made.error()) == "invalid_request: no location");
  }

  TEST_CASE_FIXTURE(location_fixture, "has those it was given") {
    SUBCASE("memory") {
      make(kind::memory);
      CHECK(chunks_at(location::cpu) == 3);
      CHECK(engine->at(location::disk) == nullptr);
      CHECK(engine->scan(location::disk, 0, 100).hashes.empty());
    }
    SUBCASE("disk") {
      make(kind::disk);
      CHECK(engine->at(location::cpu) == nullptr);
      CHECK(engine->at(location::disk) == disk);
      CHECK(engine->scan(location::cpu, 0, 100).hashes.empty());
    }
    SUBCASE("both") {
      make(kind::both);
      write_all();
      CHECK(engine->usage().size() == 2);
      CHECK(engine->scan(location::cpu, 0, 100).hashes == hashes);
      CHECK(engine->scan(location::disk, 0, 100).hashes == hashes);
    }
    for (auto* const each :
         {engine->at(location::cpu), engine->at(location::disk)})
      CHECK((each == nullptr || each->check().empty()));
  }

  TEST_CASE_FIXTURE(location_fixture, "restores what was compressed") {
    make(kind::memory);
    memory_log.take();
    auto& memory = *engine->at(location::cpu);
    REQUIRE(memory.recode(hashes[0], codec_id::zstd).outcome == done);
    REQUIRE(memory.recode(hashes[2], codec_id::lz4).outcome == done);
    CHECK(memory.usage().used_bytes < 2 * chunk_bytes);
    CHECK(retrieve() == prompt.size());
    CHECK(engine->contains(prompt) == prompt.size());
    CHECK(memory_log.take().empty());
  }

  TEST_CASE_FIXTURE(location_fixture, "drops what turns out to be damaged") {
    const auto has_disk = [&] { return disk != nullptr; };
    SUBCASE("and misses it") { make(kind::memory); }
    SUBCASE("and finds it on disk") {
      make(kind::both);
      write_all();
    }
    memory_log.take();
    auto& memory = dynamic_cast<cpu_store&>(*engine->at(location::cpu));
    REQUIRE(memory.recode(hashes[1], codec_id::zstd).outcome == done);
    {
      const auto reader = memory.borrow({&hashes[1], 1});
      const auto held = reader.chunks().front().bytes;
      // The only way to damage what nobody may write.
      auto* first = const_cast<std::byte*>(held.data());  // NOLINT
      std::fill_n(first, held.size(), std::byte{0xFF});
    }
    CHECK(retrieve() == (has_disk() ? prompt.size() : chunk_size));
    auto expected = changes{{false, hashes[1]}};
    if (has_disk())
      expected.emplace_back(true, hashes[1]);
    CHECK(memory_log.take() == expected);
    CHECK(engine->cpu()->check() == "");
    store();
    CHECK(retrieve() == prompt.size());
  }

  TEST_CASE_FIXTURE(location_fixture, "writes to disk behind memory") {
    make(kind::both);
    CHECK(chunks_at(location::cpu) == 3);
    CHECK(chunks_at(location::disk) == 0);
    SUBCASE("what was stored") {
      write_all();
      CHECK(chunks_at(location::disk) == 3);
      CHECK(store() == store_result{.already_held = 3});
      CHECK(disk->state().queued_chunks == 0);
    }
    SUBCASE("what was evicted since") {
      CHECK(engine->at(location::cpu)->clear(hashes)[0].outcome == done);
      write_all();
      CHECK(chunks_at(location::cpu) == 0);
      CHECK(retrieve() == prompt.size());
    }
    SUBCASE("what was compressed since") {
      for (const auto hash : hashes)
        engine->at(location::cpu)->recode(hash, codec_id::zstd);
      write_all();
      engine->at(location::cpu)->clear(hashes);
      CHECK(retrieve() == prompt.size());
    }
  }

  TEST_CASE_FIXTURE(location_fixture, "keeps in memory what only disk had") {
    make(kind::both);
    write_all();
    engine->at(location::cpu)->clear({&hashes[1], 1});
    memory_log.take();
    CHECK(engine->contains(prompt) == prompt.size());
    CHECK(retrieve() == prompt.size());
    CHECK(memory_log.take() == changes{{true, hashes[1]}});
    engine->at(location::disk)->clear(hashes);
    CHECK(retrieve() == prompt.size());
  }

  TEST_CASE_FIXTURE(location_fixture, "reads around gaps in either location") {
    make(kind::both);
    write_all();
    engine->at(location::cpu)->clear({&hashes[0], 1});
    engine->at(location::disk)->clear({&hashes[1], 1});
    CHECK(engine->contains(prompt) == prompt.size());
    CHECK(retrieve() == prompt.size());
    engine->at(location::cpu)->clear({&hashes[1], 1});
    CHECK(engine->contains(prompt) == chunk_size);
    CHECK(retrieve() == chunk_size);
  }

  TEST_CASE_FIXTURE(location_fixture,
                    "serves from disk although memory is full") {
    make(kind::both);
    write_all();
    engine->at(location::cpu)->clear(hashes);
    auto& memory = dynamic_cast<cpu_store&>(*engine->at(location::cpu));
    const std::vector<new_chunk> all{{.hash = 1, .bytes = 8 * chunk_bytes}};
    const auto hog = memory.reserve(all);
    REQUIRE(hog.size() == 1);
    CHECK(retrieve() == prompt.size());
    CHECK(chunks_at(location::cpu) == 0);
  }

  TEST_CASE_FIXTURE(location_fixture, "loses a prompt's tail first") {
    make(kind::both);
    write_all();
    engine->at(location::cpu)->clear({&hashes[1], 2});
    CHECK(retrieve() == prompt.size());
    auto& memory = dynamic_cast<cpu_store&>(*engine->at(location::cpu));
    memory_log.take();
    for (std::uint64_t i = 1; i <= 8; ++i) {
      const std::vector<new_chunk> other{{.hash = i, .bytes = chunk_bytes}};
      memory.reserve(other).commit();
    }
    changes evicted;
    for (const auto& x : memory_log.take())
      if (!x.first)
        evicted.push_back(x);
    CHECK(evicted ==
          changes{{false, hashes[2]}, {false, hashes[1]}, {false, hashes[0]}});
  }

  TEST_CASE_FIXTURE(location_fixture, "does without memory") {
    make(kind::disk);
    CHECK(store() == store_result{.already_held = 3});
    CHECK(retrieve() == 0);  // Not written yet.
    write_all();
    CHECK(store() == store_result{.already_held = 3});
    CHECK(retrieve() == prompt.size());
    CHECK(engine->evict(prompt) == 3);
    CHECK(retrieve() == 0);
  }

  TEST_CASE_FIXTURE(location_fixture, "says that the disk's queue is full") {
    make(kind::disk);
    auto source = made_up();
    const tokens other{9, 9, 9, 9, 8, 8, 8, 8, 7, 7, 7, 7};
    const auto result = engine->store(other, cut<const std::byte>(source));
    CHECK(result.error() == errc::no_capacity);
    disk->write_next();
    CHECK(*engine->store(other, cut<const std::byte>(source)) ==
          store_result{.stored = 1, .failed = 2});
  }
}
