#include "actors/reporting/change_hub.hpp"

#include "messages/registry.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <random>
#include <thread>

using namespace kvc;

namespace {

using keys = std::vector<std::uint64_t>;
using runs = std::vector<report_run>;
using counts = std::map<std::size_t, std::size_t>;

constexpr std::uint64_t multiplier = 0x9e3779b97f4a7c15U;

struct hub_fixture {
  change_hub hub;
  counts wakes;  ///< By shard.

  void start(std::size_t shards) {
    hub.start({multiplier, shards},
              [this](std::size_t shard) { ++wakes[shard]; });
  }

  void admit(const keys& hashes, location where = location::cpu) {
    hub.chunks_admitted(where, hashes);
  }

  void evict(const keys& hashes, location where = location::cpu) {
    hub.chunks_evicted(where, hashes);
  }

  chunk_report take(std::size_t shard, std::size_t max_keys = 1'000) {
    chunk_report report;
    const auto has_changes = hub.take(shard, max_keys, report);
    CHECK(has_changes == !report.runs.empty());
    return report;
  }
};

/// What one shard's reader has seen.
struct seen_changes {
  std::map<std::uint64_t, bool> is_held;
  std::size_t taken = 0;
  std::size_t misplaced = 0;
};

/// Takes changes of `shard` until `is_over`, and what is left then.
seen_changes read_changes(change_hub& hub, std::size_t shard,
                          const std::atomic<bool>& is_over) {
  seen_changes seen;
  const auto layout = hub.shards();
  for (auto is_last = false;;) {
    chunk_report report;
    if (hub.take(shard, 7, report)) {
      std::size_t key = 0;
      for (const auto& run : report.runs) {
        for (std::uint32_t i = 0; i < run.count; ++i) {
          const auto hash = report.keys.keys[key++];
          seen.is_held[hash] = run.is_admission;
          const auto home =
            shard_of(hash, layout.key_multiplier, layout.shard_count);
          seen.misplaced += home == shard ? 0 : 1;
        }
      }
      seen.taken += key;
    } else if (is_last) {
      return seen;
    } else {
      is_last = is_over;
      std::this_thread::yield();
    }
  }
}

/// Admits and evicts chunks of its own; each changes often.
std::map<std::uint64_t, bool> write_changes(change_hub& hub,
                                            std::uint64_t first_key) {
  std::map<std::uint64_t, bool> is_held;
  std::minstd_rand random{static_cast<std::uint32_t>(first_key)};
  for (auto i = 0; i < 5'000; ++i) {
    keys some;
    for (auto j = 0U; j < 1 + random() % 4; ++j)
      some.push_back(first_key + random() % 100 * 0x1'0000'0001U);
    const auto is_admission = random() % 2 == 0;
    for (const auto hash : some)
      is_held[hash] = is_admission;
    if (is_admission)
      hub.chunks_admitted(location::cpu, some);
    else
      hub.chunks_evicted(location::cpu, some);
  }
  return is_held;
}

}  // namespace

TEST_SUITE("change_hub") {
  TEST_CASE_FIXTURE(hub_fixture, "drops changes before it is started") {
    admit({1});
    CHECK(hub.backlog(0) == 0);
    CHECK(take(0).keys.keys.empty());
    CHECK(hub.shards() == change_hub::layout{1, 0});
    start(1);
    CHECK(hub.backlog(0) == 0);
    CHECK(hub.shards() == change_hub::layout{multiplier, 1});
  }

  TEST_CASE_FIXTURE(hub_fixture, "gives all changes to the only shard") {
    start(1);
    admit({1, 2});
    evict({1}, location::disk);
    CHECK(hub.backlog(0) == 3);
    const auto report = take(0);
    CHECK(report.keys.keys == keys{1, 2, 1});
    CHECK(report.runs ==
          runs{{location::cpu, true, 2}, {location::disk, false, 1}});
  }

  TEST_CASE_FIXTURE(hub_fixture, "gives each change to the shard of its key") {
    start(3);
    keys all;
    std::array<keys, 3> expected;
    for (std::uint64_t hash = 1; hash <= 60; ++hash) {
      all.push_back(hash);
      expected[shard_of(hash, multiplier, 3)].push_back(hash);
    }
    admit(all);
    for (std::size_t shard = 0; shard < 3; ++shard) {
      REQUIRE_FALSE(expected[shard].empty());
      const auto count = static_cast<std::uint32_t>(expected[shard].size());
      CHECK(hub.backlog(shard) == count);
      const auto report = take(shard);
      CHECK(report.keys.keys == expected[shard]);
      CHECK(report.runs == runs{{location::cpu, true, count}});
    }
    evict({expected[1][0]});
    CHECK(hub.backlog(0) == 0);
    CHECK(take(1).keys.keys == keys{expected[1][0]});
    CHECK(hub.backlog(2) == 0);
    CHECK(hub.backlog(3) == 0);
    CHECK(take(3).keys.keys.empty());
  }

  TEST_CASE_FIXTURE(hub_fixture, "wakes a reader that found nothing, once") {
    start(1);
    admit({1});
    CHECK(wakes == counts{});
    take(0);
    admit({2});
    CHECK(wakes == counts{});
    take(0);
    take(0);
    take(0);
    admit({});
    CHECK(wakes == counts{});
    admit({3});
    CHECK(wakes == counts{{0, 1}});
    admit({4});
    CHECK(wakes == counts{{0, 1}});
    take(0, 1);
    evict({4});
    take(0);
    admit({5});
    CHECK(wakes == counts{{0, 1}});
    take(0);
    take(0);
    evict({5});
    CHECK(wakes == counts{{0, 2}});
  }

  TEST_CASE_FIXTURE(hub_fixture, "wakes only the shard that changed") {
    start(2);
    std::uint64_t in_second = 1;
    while (shard_of(in_second, multiplier, 2) != 1)
      ++in_second;
    take(0);
    take(1);
    admit({in_second});
    CHECK(wakes == counts{{1, 1}});
  }

  TEST_CASE_FIXTURE(hub_fixture, "drops everything when it stops") {
    start(1);
    take(0);
    hub.stop();
    admit({1});
    CHECK(wakes == counts{});
    CHECK(hub.backlog(0) == 0);
    CHECK(hub.shards() == change_hub::layout{});
    CHECK(take(0).keys.keys.empty());
  }

  TEST_CASE_FIXTURE(hub_fixture, "starts over with empty logs, waking nobody") {
    start(2);
    take(0);
    take(1);
    start(1);
    admit({1, 2, 3});
    CHECK(wakes == counts{});
    CHECK(hub.backlog(0) == 3);
    start(1);
    CHECK(hub.backlog(0) == 0);
    CHECK(take(0).keys.keys.empty());
    admit({4});
    CHECK(wakes == counts{{0, 1}});
    CHECK(take(0).keys.keys == keys{4});
  }

  TEST_CASE_FIXTURE(hub_fixture, "tells each shard's log of its scan") {
    start(2);
    keys many(40'000);
    for (std::uint64_t hash = 0; hash < many.size(); ++hash)
      many[hash] = hash;
    hub.begin_scan(0);
    const auto change_all_twice = [&] {
      for (auto i = 0; i < 2; ++i) {
        admit(many);
        evict(many);
      }
    };
    change_all_twice();
    const auto in_first = std::count_if(
      many.begin(), many.end(),
      [](std::uint64_t hash) { return shard_of(hash, multiplier, 2) == 0; });
    CHECK(hub.backlog(0) == static_cast<std::size_t>(in_first));
    CHECK(hub.backlog(1) == 0);
    CHECK_FALSE(hub.has_overflowed(0));
    CHECK_FALSE(hub.has_overflowed(5));
    hub.end_scan(0);
    take(0, many.size());
    change_all_twice();
    CHECK(hub.backlog(0) == 0);
  }

  TEST_CASE("loses nothing between threads that write and read") {
    constexpr std::size_t shards = 3;
    change_hub hub;
    std::array<std::atomic<std::size_t>, shards> wakes{};
    hub.start({multiplier, shards}, [&](std::size_t shard) { ++wakes[shard]; });
    std::atomic<bool> is_over = false;
    std::array<seen_changes, shards> seen;
    std::array<std::map<std::uint64_t, bool>, 2> written;
    std::vector<std::thread> readers;
    for (std::size_t shard = 0; shard < shards; ++shard)
      readers.emplace_back(
        [&, shard] { seen[shard] = read_changes(hub, shard, is_over); });
    std::vector<std::thread> writers;
    for (std::size_t i = 0; i < written.size(); ++i)
      writers.emplace_back(
        [&, i] { written[i] = write_changes(hub, 1'000 * (i + 1)); });
    for (auto& writer : writers)
      writer.join();
    is_over = true;
    for (auto& reader : readers)
      reader.join();
    std::map<std::uint64_t, bool> expected;
    for (const auto& some : written)
      expected.insert(some.begin(), some.end());
    std::map<std::uint64_t, bool> found;
    for (std::size_t shard = 0; shard < shards; ++shard) {
      CHECK(seen[shard].misplaced == 0);
      CHECK(seen[shard].taken > 0);
      CHECK(wakes[shard] <= seen[shard].taken);
      found.insert(seen[shard].is_held.begin(), seen[shard].is_held.end());
    }
    CHECK(found == expected);
  }
}
