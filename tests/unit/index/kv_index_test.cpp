#include "actors/index/kv_index.hpp"
#include "tests/unit/index/index_driver.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

const holder_set nobody{};

struct index_fixture {
  kv_index index{{}};
  const keys live{11, 12, 13};
  kv_index::generation_id first = index.open_generation(0, 11);
  kv_index::generation_id second = index.open_generation(1, 12);

  holder_set find(std::uint64_t key) { return find_one(index, key, live); }
};

}  // namespace

TEST_SUITE("kv_index") {
  TEST_CASE_FIXTURE(index_fixture, "finds what was admitted and nothing else") {
    CHECK(admit(index, first, {5, 0, ~0ULL}) == 0);
    CHECK(find_each(index, {0, 1, 5, ~0ULL, 6}, live) ==
          std::vector<holder_set>{
            {{0, false}}, nobody, {{0, false}}, {{0, false}}, nobody});
  }

  TEST_CASE_FIXTURE(index_fixture, "replaces what the answer held before") {
    admit(index, first, {5});
    found_holders lists;
    index.find(keys{5, 5}, live, lists);
    index.find(keys{5}, live, lists);
    CHECK(lists.ranges.size() == 1);
    CHECK(lists.holders == std::vector<holder>{{0, 0}});
    index.find(keys{}, live, lists);
    CHECK(lists.ranges.empty());
    CHECK(lists.holders.empty());
  }

  TEST_CASE_FIXTURE(index_fixture, "admits once however often it is told") {
    admit(index, first, {5, 5});
    admit(index, second, {5});
    admit(index, first, {5});
    admit(index, second, {5});
    CHECK(find(5) == holder_set{{0, false}, {1, false}});
    CHECK(count_keys(index, live)[0] == key_count{1, 0});
    CHECK(count_keys(index, live)[1] == key_count{1, 0});
    evict(index, first, {5});
    CHECK(find(5) == holder_set{{1, false}});
  }

  TEST_CASE_FIXTURE(index_fixture, "evicts nothing but what was named") {
    admit(index, first, {5, 6});
    admit(index, second, {5});
    evict(index, second, {6, 7});
    evict(index, first, {5}, location::disk);
    CHECK(find(5) == holder_set{{0, false}, {1, false}});
    CHECK(find(6) == holder_set{{0, false}});
    evict(index, first, {5, 5});
    CHECK(find(5) == holder_set{{1, false}});
    CHECK(count_keys(index, live)[0] == key_count{1, 0});
  }

  TEST_CASE_FIXTURE(index_fixture, "keeps both locations of a worker apart") {
    admit(index, first, {5}, location::cpu);
    admit(index, first, {5}, location::disk);
    CHECK(find(5) == holder_set{{0, false}, {0, true}});
    CHECK(count_keys(index, live)[0] == key_count{1, 1});
    evict(index, first, {5}, location::cpu);
    CHECK(find(5) == holder_set{{0, true}});
    CHECK(count_keys(index, live)[0] == key_count{0, 1});
  }

  TEST_CASE_FIXTURE(index_fixture, "applies runs in their order") {
    const std::vector<report_run> runs{{location::cpu, true, 2},
                                       {location::cpu, false, 1},
                                       {location::disk, true, 1},
                                       {location::cpu, true, 1}};
    CHECK(index.apply(first, runs, keys{1, 2, 1, 1, 3}) == 0);
    CHECK(find_each(index, {1, 2, 3}, live) ==
          std::vector<holder_set>{{{0, true}}, {{0, false}}, {{0, false}}});
  }

  TEST_CASE_FIXTURE(index_fixture, "keeps thousands of holders of one key") {
    keys epochs;
    std::vector<kv_index::generation_id> ids;
    for (std::uint32_t slot = 0; slot < 5000; ++slot) {
      epochs.push_back(100 + slot);
      ids.push_back(index.open_generation(slot, 100 + slot));
      admit(index, ids.back(), {77});
    }
    CHECK(find_one(index, 77, epochs).size() == 5000);
    epochs[4000] = 0;
    for (std::uint32_t slot = 0; slot < 5000; slot += 2)
      evict(index, ids[slot], {77});
    const auto found = find_one(index, 77, epochs);
    REQUIRE(found.size() == 2500);
    for (std::uint32_t i = 0; i < 2500; ++i)
      REQUIRE(found[i] == std::pair{i * 2 + 1, false});
  }

  TEST_CASE_FIXTURE(index_fixture,
                    "shows the memberships of live epochs only") {
    admit(index, first, {5});
    admit(index, second, {5});
    CHECK(find_one(index, 5, {0, 12}) == holder_set{{1, false}});
    CHECK(find_one(index, 5, {12, 11}) == nobody);
    CHECK(find_one(index, 5, {11}) == holder_set{{0, false}});
    CHECK(find_one(index, 5, {}) == nobody);
    CHECK(count_keys(index, {0, 12})[0] == key_count{0, 0});
    CHECK(status_of(index, {0, 12}).streams == 1);
  }

  TEST_CASE_FIXTURE(index_fixture, "shows filling and complete generations") {
    admit(index, first, {5});
    CHECK(find(5) == holder_set{{0, false}});
    index.complete_generation(first);
    CHECK(find(5) == holder_set{{0, false}});
    const auto filling = index.open_generation(0, 11);
    admit(index, filling, {5});
    CHECK(find(5) == holder_set{{0, false}, {0, false}});
    index.close_generation(first);
    CHECK(find(5) == holder_set{{0, false}});
    index.close_generation(filling);
    CHECK(find(5) == nobody);
  }

  TEST_CASE_FIXTURE(index_fixture, "gives a reused slot nothing of the past") {
    admit(index, first, {5, 6});
    const auto newer = index.open_generation(0, 21);
    admit(index, newer, {6});
    const keys now{21, 12};
    CHECK(find_one(index, 5, now) == nobody);
    CHECK(find_one(index, 6, now) == holder_set{{0, false}});
    CHECK(count_keys(index, now)[0] == key_count{1, 0});
  }

  TEST_CASE_FIXTURE(index_fixture, "counts the complete generation of a sync") {
    admit(index, first, {1, 2, 3});
    index.complete_generation(first);
    const auto filling = index.open_generation(0, 11);
    admit(index, filling, {1});
    CHECK(count_keys(index, live)[0] == key_count{3, 0});
    index.complete_generation(filling);
    index.close_generation(first);
    CHECK(count_keys(index, live)[0] == key_count{1, 0});
  }

  TEST_CASE_FIXTURE(index_fixture, "counts a reused number before its owner") {
    index.close_generation(first);
    sweep_all(index);
    index.complete_generation(second);
    const auto filling = index.open_generation(1, 12);
    REQUIRE(filling == first);
    admit(index, filling, {1});
    admit(index, second, {1, 2});
    CHECK(count_keys(index, live)[1] == key_count{2, 0});
  }

  TEST_CASE_FIXTURE(index_fixture, "adds to the counts that it is given") {
    admit(index, first, {1, 2});
    std::vector<key_count> counts(3, key_count{10, 20});
    index.add_key_counts(live, counts);
    CHECK(counts == std::vector<key_count>{{12, 20}, {10, 20}, {10, 20}});
  }

  TEST_CASE_FIXTURE(index_fixture, "tells its status") {
    admit(index, first, {1, 2});
    admit(index, second, {2});
    index.complete_generation(second);
    index.open_generation(2, 99);  // Of no live epoch.
    auto status = status_of(index, live);
    CHECK(status.shards == 1);
    CHECK(status.streams == 2);
    CHECK(status.syncing_streams == 1);
    CHECK(status.memberships == 3);
    CHECK(status.bytes > 2 * huge_blocks::block_bytes);
    CHECK(status.bytes < 2 * huge_blocks::block_bytes + 100'000);
    CHECK(status.refused_admissions == 0);
    index.open_generation(1, 12);
    index.add_status(live, status);
    CHECK(status.shards == 2);
    CHECK(status.streams == 4);
    CHECK(status.syncing_streams == 3);
    CHECK(status.memberships == 6);
  }

  TEST_CASE_FIXTURE(index_fixture, "grows and keeps everything") {
    keys many;
    for (std::uint64_t i = 0; i < 700'000; ++i)
      many.push_back(i * 0x10000000ULL);
    admit(index, first, many);
    admit(index, second, {many[3], many[699'999]});
    const auto found = find_each(index, many, live);
    for (std::size_t i = 0; i < many.size(); ++i)
      REQUIRE(found[i] == (i == 3 || i == 699'999
                             ? holder_set{{0, false}, {1, false}}
                             : holder_set{{0, false}}));
    CHECK(status_of(index, live).memberships == 700'002);
    // The sets of holders have a block of their own.
    CHECK(status_of(index, live).bytes <
          std::uint64_t{700'000} * 24 + huge_blocks::block_bytes + 100'000);
  }

  TEST_CASE_FIXTURE(index_fixture, "folds the ranks of an instance") {
    keys many;
    for (std::uint64_t i = 0; i < 200'000; ++i)
      many.push_back(i);
    admit(index, first, many);
    const auto alone = status_of(index, live).bytes;
    for (std::uint32_t slot = 2; slot < 9; ++slot)
      admit(index, index.open_generation(slot, slot + 11), many);
    const keys all{11, 12, 13, 14, 15, 16, 17, 18, 19};
    for (const auto& holders : find_each(index, many, all))
      REQUIRE(holders.size() == 8);
    CHECK(status_of(index, all).memberships == 1'600'000);
    CHECK(status_of(index, all).bytes < alone + 3'000'000);
  }
}
