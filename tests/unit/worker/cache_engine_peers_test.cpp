#include "actors/hashing/chunk_hasher.hpp"
#include "actors/worker/cache_engine.hpp"
#include "net/transport/checksum.hpp"
#include "tests/support/store_support.hpp"
#include "tests/support/temporary_directory.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

using tokens = std::vector<std::uint32_t>;
using hashes = std::vector<std::uint64_t>;
using spans = std::vector<std::span<std::byte>>;

constexpr std::uint32_t chunk_size = 4;
constexpr std::uint64_t chunk_bytes = 256;

/// Three chunks of tokens.
const tokens prompt{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

/// Peers who have the chunks of `held`, last share first.
struct fake_peers : peer_source {
  cpu_store* memory = nullptr;
  std::set<std::uint64_t> held;
  std::vector<hashes> asked;

  result fetch(std::span<const std::uint64_t> names) override {
    asked.emplace_back(names.begin(), names.end());
    auto holds = std::make_shared<std::vector<chunk_reader>>();
    for (const auto name : names) {
      if (!held.contains(name))
        break;
      const new_chunk chunk{
        .hash = name, .bytes = chunk_bytes, .tokens = chunk_size};
      auto writer = memory->reserve({&chunk, 1});
      REQUIRE(writer.size() == 1);
      fill(writer, {&chunk, 1});
      writer.commit();
      holds->push_back(memory->acquire({&name, 1}));
    }
    const auto count = holds->size();
    return {count, std::move(holds)};
  }
};

struct peers_fixture {
  temporary_directory directory;
  change_recorder log;
  hashes names =
    chunk_hasher{{.chunk_size = chunk_size}, false}.hash_prompt(prompt);
  cache_engine_options options;
  std::unique_ptr<cache_engine> engine;
  std::shared_ptr<fake_peers> peers = std::make_shared<fake_peers>();

  peers_fixture() {
    options.hashing.chunk_size = chunk_size;
    options.bytes_per_token = chunk_bytes / chunk_size;
    options.capacity_bytes = 4 * chunk_bytes;
    options.listener = &log;
  }

  void make() {
    auto made = cache_engine::make(std::move(options));
    REQUIRE(made);
    engine = std::move(*made);
    peers->memory = engine->cpu();
    peers->held = {names.begin(), names.end()};
    engine->set_peers(peers);
  }

  void with_disk() {
    auto opened = disk_store::open(
      {.directory = directory.path(),
       .capacity_bytes = 100 * chunk_bytes,
       .identity = {{"a", 0}, "", options.hashing, {}, options.bytes_per_token},
       .max_queue_bytes = 3 * chunk_bytes});
    REQUIRE(opened);
    options.disk = std::move(*opened);
  }

  /// Stores the first `count` chunks of the prompt.
  void store(std::size_t count) {
    std::vector<std::vector<std::byte>> data;
    data.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
      data.emplace_back(chunk_bytes, fill_of(names[i]));
    const std::vector<std::span<const std::byte>> chunks{data.begin(),
                                                         data.end()};
    const tokens part{
      prompt.begin(),
      prompt.begin() + static_cast<std::ptrdiff_t>(count * chunk_size)};
    REQUIRE(engine->store(part, chunks));
  }

  /// Returns how many chunks it got back; checks their bytes.
  std::size_t retrieve(std::size_t count = 3) {
    std::vector<std::vector<std::byte>> copies(
      count, std::vector<std::byte>(chunk_bytes));
    spans to{copies.begin(), copies.end()};
    const auto got = engine->retrieve(prompt, to);
    REQUIRE(got);
    for (std::size_t i = 0; i < *got / chunk_size; ++i)
      CHECK(is_filled(copies[i], names[i]));
    return *got / chunk_size;
  }
};

}  // namespace

TEST_SUITE("cache_engine and its peers") {
  TEST_CASE_FIXTURE(peers_fixture, "asks peers for what is missing only") {
    make();
    store(1);
    CHECK(retrieve() == 3);
    CHECK(peers->asked == std::vector<hashes>{{names[1], names[2]}});
    CHECK(engine->chunks_from_peers() == 2);
    CHECK(retrieve() == 3);
    CHECK(peers->asked.size() == 1);
    CHECK(engine->chunks_from_peers() == 2);
  }

  TEST_CASE_FIXTURE(peers_fixture, "asks nobody for what is not wanted") {
    make();
    store(1);
    CHECK(retrieve(1) == 1);
    CHECK(peers->asked.empty());
    CHECK(retrieve(2) == 2);
    CHECK(peers->asked == std::vector<hashes>{{names[1]}});
  }

  TEST_CASE_FIXTURE(peers_fixture, "is content with what peers have") {
    make();
    peers->held.erase(names[1]);
    CHECK(retrieve() == 1);
    CHECK(engine->chunks_from_peers() == 1);
    peers->held.clear();
    engine->evict(prompt);
    CHECK(retrieve() == 0);
    CHECK(engine->chunks_from_peers() == 1);
  }

  TEST_CASE_FIXTURE(peers_fixture, "asks peers no more when told so") {
    make();
    engine->set_peers(nullptr);
    CHECK(retrieve() == 0);
    CHECK(peers->asked.empty());
  }

  TEST_CASE_FIXTURE(peers_fixture, "writes behind what came from peers") {
    with_disk();
    make();
    CHECK(retrieve() == 3);
    while (engine->disk()->write_next()) {
    }
    CHECK(engine->disk()->usage().chunks == 3);
    CHECK(engine->cpu()->clear(names)[2].outcome == chunk_outcome::done);
    CHECK(retrieve() == 3);
    CHECK(peers->asked.size() == 1);
  }

  TEST_CASE_FIXTURE(peers_fixture, "asks no peers without memory") {
    with_disk();
    options.capacity_bytes = 0;
    make();
    CHECK(retrieve() == 0);
    CHECK(peers->asked.empty());
  }

  TEST_CASE_FIXTURE(peers_fixture, "loses the tail first of what came") {
    make();
    store(1);
    REQUIRE(retrieve() == 3);
    log.take();
    hashes gone;
    for (const std::uint64_t name : {1U, 2U, 3U, 4U}) {
      const new_chunk chunk{.hash = name, .bytes = chunk_bytes};
      engine->cpu()->reserve({&chunk, 1}).commit();
    }
    for (const auto& [is_admitted, name] : log.take())
      if (!is_admitted)
        gone.push_back(name);
    CHECK(gone == hashes{names[2], names[1], names[0]});
  }

  TEST_CASE_FIXTURE(peers_fixture, "keeps checksums for peers if asked to") {
    const auto known = [this] {
      return engine->cpu()->borrow({names.data(), 1}).chunks()[0].checksum;
    };
    make();
    store(1);
    CHECK_FALSE(known());
    options = {};
    options.hashing.chunk_size = chunk_size;
    options.bytes_per_token = chunk_bytes / chunk_size;
    options.capacity_bytes = 4 * chunk_bytes;
    options.keeps_checksums = true;
    make();
    store(1);
    CHECK(known() == checksum_of(std::vector(chunk_bytes, fill_of(names[0]))));
  }

  TEST_CASE_FIXTURE(peers_fixture, "lays its chunks where it is told") {
    std::vector<std::byte> region(5 * chunk_bytes);
    const auto skip = 64 - reinterpret_cast<std::uintptr_t>(region.data()) % 64;
    options.region = std::span{region}.subspan(skip, 4 * chunk_bytes);
    const auto* begin = options.region.data();
    make();
    store(2);
    const auto reader = engine->cpu()->borrow(names);
    REQUIRE(reader.chunks().size() == 2);
    for (const auto& x : reader.chunks())
      CHECK(x.bytes.data() == begin + x.offset);
    CHECK(engine->cpu()->usage().capacity_bytes == 4 * chunk_bytes);
  }
}
