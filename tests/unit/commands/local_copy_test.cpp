#include "actors/commands/local_copy.hpp"

#include "tests/support/disk_store_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

using enum chunk_outcome;

/// A disk and a memory with room for four chunks each.
struct copy_fixture : disk_store_fixture {
  change_recorder memory_log;
  cpu_store memory{map_arena(4 * raw_bytes), {.listener = &memory_log}};

  std::size_t put_in_memory(const hashes& names) {
    std::vector<new_chunk> chunks;
    for (const auto name : names)
      chunks.push_back({.hash = name, .bytes = raw_bytes, .tokens = 16});
    auto writer = memory.reserve(chunks);
    for (std::size_t i = 0; i < writer.size(); ++i)
      std::ranges::copy(raw_of(names[i]), writer.room(i).begin());
    return writer.commit();
  }

  local_copy::result copy(location to, const hashes& names) {
    return local_copy{memory, *store, to}.copy(names);
  }

  bool is_in_memory(std::uint64_t name) {
    const auto reader = memory.borrow({&name, 1});
    if (reader.chunks().empty())
      return false;
    CHECK(std::ranges::equal(reader.chunks()[0].bytes, raw_of(name)));
    return true;
  }
};

std::vector<fetched_chunk> list(std::initializer_list<fetched_chunk> chunks) {
  return chunks;
}

}  // namespace

TEST_SUITE("local_copy") {
  TEST_CASE_FIXTURE(copy_fixture, "brings what is on disk to memory") {
    put({1, 2});
    put_in_memory({2});
    const auto result = copy(location::cpu, {1, 9, 2});
    CHECK(result.chunks == list({{1, done, 16, raw_bytes},
                                 {9, absent, 0, 0},
                                 {2, unchanged, 16, raw_bytes}}));
    CHECK(is_in_memory(1));
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(copy_fixture, "restores what is compressed on disk") {
    put({1});
    REQUIRE(store->recode(1, codec_id::zstd).outcome == done);
    CHECK(copy(location::cpu, {1}).chunks == list({{1, done, 16, raw_bytes}}));
    CHECK(is_in_memory(1));
  }

  TEST_CASE_FIXTURE(copy_fixture, "finds no room beside what is in use") {
    put({1, 2});
    put_in_memory({10, 11, 12});
    const auto in_use = memory.acquire(hashes{10, 11, 12});
    CHECK(copy(location::cpu, {1, 2}).chunks ==
          list({{1, done, 16, raw_bytes}, {2, no_room, 16, raw_bytes}}));
    CHECK_FALSE(is_in_memory(2));
  }

  TEST_CASE_FIXTURE(copy_fixture, "admits nothing unreadable to memory") {
    put({1, 2});
    std::filesystem::resize_file(files().at(0), header_bytes + 1);
    const auto result = copy(location::cpu, {1, 2}).chunks;
    std::size_t failures = 0;
    for (const auto& x : result)
      if (x.outcome == failed) {
        ++failures;
        CHECK_FALSE(is_in_memory(x.hash));
      }
    CHECK(failures == 1);
    CHECK(memory.usage().used_bytes == raw_bytes);
  }

  TEST_CASE_FIXTURE(copy_fixture, "writes what is in memory to disk") {
    put_in_memory({1, 2});
    put({2});
    const auto result = copy(location::disk, {2, 9, 1});
    CHECK(result.chunks == list({{2, unchanged, 16, raw_bytes},
                                 {9, absent, 0, 0},
                                 {1, done, 16, raw_bytes}}));
    CHECK(has(1));
    CHECK(is_in_memory(1));
  }

  TEST_CASE_FIXTURE(copy_fixture, "writes compressed chunks as they are") {
    put_in_memory({1});
    REQUIRE(memory.recode(1, codec_id::zstd).outcome == done);
    const auto size = encoded_bytes(1, codec_id::zstd);
    CHECK(copy(location::disk, {1}).chunks == list({{1, done, 16, size}}));
    CHECK(store->usage().used_bytes == header_bytes + size);
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(copy_fixture, "finds no room beside what is pinned") {
    put({10, 11, 12});
    store->pin(hashes{10, 11, 12}, std::nullopt);
    put_in_memory({1, 2});
    const auto result = copy(location::disk, {1, 2});
    CHECK(result.chunks ==
          list({{1, done, 16, raw_bytes}, {2, no_room, 16, raw_bytes}}));
    CHECK(files().size() == 4);
  }

  TEST_CASE_FIXTURE(copy_fixture, "keeps what is in memory until let go") {
    put({1, 2});
    put_in_memory({2});
    auto result = copy(location::cpu, {1, 2});
    CHECK(outcomes_of(memory.clear(hashes{1, 2})) == outcomes{in_use, in_use});
    result.holds.reset();
    CHECK(outcomes_of(memory.clear(hashes{1, 2})) == outcomes{done, done});
  }

  TEST_CASE_FIXTURE(copy_fixture, "keeps what is on disk until let go") {
    put({2});
    put_in_memory({1, 2});
    auto result = copy(location::disk, {1, 2});
    CHECK(outcomes_of(memory.clear(hashes{1})) == outcomes{done});
    CHECK(outcomes_of(store->clear(hashes{1, 2})) == outcomes{in_use, in_use});
    result.holds.reset();
    CHECK(outcomes_of(store->clear(hashes{1, 2})) == outcomes{done, done});
  }

  TEST_CASE_FIXTURE(copy_fixture, "writes anew what is damaged on disk") {
    put({1});
    std::filesystem::resize_file(files().at(0), header_bytes + 1);
    put_in_memory({1});
    CHECK(copy(location::disk, {1}).chunks == list({{1, done, 16, raw_bytes}}));
    CHECK(has(1));
    CHECK(quarantined() == 1);
  }

  TEST_CASE_FIXTURE(copy_fixture, "lets the disk lose a prompt's tail first") {
    put_in_memory({1, 2, 3});
    put({2});
    copy(location::disk, {1, 2, 3});
    CHECK(eviction_order() == hashes{3, 2, 1});
  }

  TEST_CASE_FIXTURE(copy_fixture, "is no use of what is on disk") {
    put({1});
    put({2});
    copy(location::cpu, {1});
    CHECK(eviction_order() == hashes{1, 2});
  }

  TEST_CASE_FIXTURE(copy_fixture, "lets memory lose a prompt's tail first") {
    put({1, 2, 3});
    copy(location::cpu, {1, 2, 3});
    put_in_memory({7, 8});
    CHECK(is_in_memory(1));
    CHECK(is_in_memory(2));
    CHECK_FALSE(is_in_memory(3));
  }
}
