#include "tests/unit/reporting/change_log_support.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace kvc;
using namespace kvc::test;

TEST_SUITE("change_log") {
  TEST_CASE("keeps the order and merges what is alike") {
    change_log log;
    admit(log, {1, 2});
    admit(log, {3});
    evict(log, {1});
    admit(log, {1});
    admit(log, {1}, location::disk);
    admit(log, {});
    evict(log, {2});
    CHECK(log.size() == 7);
    const auto report = take(log);
    CHECK(report.keys.keys == keys{1, 2, 3, 1, 1, 1, 2});
    CHECK(report.runs == runs{{location::cpu, true, 3},
                              {location::cpu, false, 1},
                              {location::cpu, true, 1},
                              {location::disk, true, 1},
                              {location::cpu, false, 1}});
    CHECK(log.is_empty());
    CHECK(log.size() == 0);
  }

  TEST_CASE("is taken in pieces") {
    change_log log;
    admit(log, {1, 2, 3});
    evict(log, {4});
    const auto first = take(log, 2);
    CHECK(first.keys.keys == keys{1, 2});
    CHECK(first.runs == runs{{location::cpu, true, 2}});
    CHECK(log.size() == 2);
    evict(log, {5, 6});
    const auto second = take(log, 2);
    CHECK(second.keys.keys == keys{3, 4});
    CHECK(second.runs ==
          runs{{location::cpu, true, 1}, {location::cpu, false, 1}});
    const auto third = take(log, 2);
    CHECK(third.keys.keys == keys{5, 6});
    CHECK(third.runs == runs{{location::cpu, false, 2}});
    CHECK(log.is_empty());
    CHECK(take(log).runs.empty());
  }

  TEST_CASE("begins a new run after the last one was taken") {
    change_log log;
    admit(log, {1});
    take(log);
    admit(log, {2});
    const auto report = take(log);
    CHECK(report.keys.keys == keys{2});
    CHECK(report.runs == runs{{location::cpu, true, 1}});
  }

  TEST_CASE("adds behind what a report has already") {
    change_log log;
    evict(log, {2});
    chunk_report report;
    report.runs = {{location::cpu, true, 1}};
    report.keys.keys = {1};
    log.take(10, report);
    CHECK(report.keys.keys == keys{1, 2});
    CHECK(report.runs ==
          runs{{location::cpu, true, 1}, {location::cpu, false, 1}});
  }

  TEST_CASE("stays as it is while it is small") {
    change_log log;
    admit(log, range(0, compaction / 2));
    evict(log, range(0, compaction / 2));
    CHECK(log.size() == compaction);
    admit(log, {compaction});
    CHECK(log.size() == 1);
  }

  TEST_CASE("keeps the final state of each chunk in each location") {
    change_log log;
    evict(log, {1, 2, 3});
    evict(log, {1, 2}, location::disk);
    admit(log, {4, 5});
    admit(log, {2}, location::disk);
    admit(log, {3, 6});
    evict(log, {5});
    force_compaction(log);
    const auto report = take(log);
    CHECK(report.runs == runs{{location::cpu, false, 2},
                              {location::cpu, true, 2},
                              {location::disk, false, 1}});
    REQUIRE(report.keys.keys.size() == 5);
    const auto first = report.keys.keys.begin();
    CHECK(sorted({first, first + 2}) == keys{1, 2});
    CHECK(sorted({first + 2, first + 4}) == keys{4, 6});
    CHECK(report.keys.keys[4] == 1);
  }

  TEST_CASE("compacts only what was not taken") {
    change_log log;
    admit(log, {1, 2});
    take(log, 1);
    force_compaction(log);
    CHECK(take(log).keys.keys == keys{2});

    admit(log, {3});
    evict(log, {4});
    take(log, 1);
    evict(log, {3});
    force_compaction(log);
    CHECK(sorted(take(log).keys.keys) == keys{3, 4});
  }

  TEST_CASE("remembers over several compactions what was held before") {
    change_log log;
    evict(log, {1});
    admit(log, {1});
    force_compaction(log);
    evict(log, {1});
    force_compaction(log);
    const auto report = take(log);
    CHECK(report.keys.keys == keys{1});
    CHECK(report.runs == runs{{location::cpu, false, 1}});
  }

  TEST_CASE("drops what came and went only without a scan's changes") {
    change_log log;
    log.begin_scan();
    admit(log, {1});
    evict(log, {1});
    force_compaction(log);
    CHECK(log.size() == filling + 1);
    log.end_scan();
    admit(log, {2});
    evict(log, {2});
    evict(log, range(1U << 30U, filling));
    CHECK(log.size() == filling + 2);
    const auto report = take(log);
    CHECK(report.runs == runs{{location::cpu, false, filling + 2}});
    const auto found = sorted(report.keys.keys);
    CHECK(keys(found.begin(), found.begin() + 2) == keys{1, 2});
    force_compaction(log);
    CHECK(log.is_empty());
  }

  TEST_CASE("keeps what went and came while a scan's changes wait") {
    change_log log;
    log.begin_scan();
    evict(log, {1});
    admit(log, {1});
    force_compaction(log);
    const auto report = take(log);
    CHECK(report.runs.back() == report_run{location::cpu, true, 1});
    CHECK(report.keys.keys.back() == 1);
  }

  TEST_CASE("drops what came and went after a scan without changes") {
    change_log log;
    log.begin_scan();
    log.end_scan();
    force_compaction(log);
    CHECK(log.is_empty());
  }

  TEST_CASE("forgets everything when a scan begins") {
    change_log log;
    admit(log, {1, 2, 3});
    take(log, 1);
    log.begin_scan();
    CHECK(log.is_empty());
    admit(log, {4});
    CHECK(take(log).keys.keys == keys{4});
  }

  TEST_CASE("stays small while chunks cycle and nothing is taken") {
    change_log log;
    constexpr std::uint64_t held = 1'000;
    std::size_t largest = 0;
    for (std::uint64_t i = 0; i < 1'000'000; i += 100) {
      admit(log, range(i, 100));
      if (i >= held)
        evict(log, range(i - held, 100));
      largest = std::max(largest, log.size());
    }
    CHECK(largest <= compaction);
    CHECK_FALSE(log.has_overflowed());
    std::set<std::uint64_t> left;
    const auto report = take(log);
    auto key = report.keys.keys.begin();
    for (const auto& run : report.runs) {
      for (std::uint32_t i = 0; i < run.count; ++i, ++key) {
        if (run.is_admission)
          left.insert(*key);
        else
          left.erase(*key);
      }
    }
    const auto expected = range(1'000'000 - held, held);
    CHECK(left == std::set(expected.begin(), expected.end()));
  }

  TEST_CASE("stays in proportion to what is held, before and now") {
    change_log log;
    constexpr std::uint64_t held = 100'000;
    std::size_t largest = 0;
    for (std::uint64_t i = 0; i < 10 * held; i += 1'000) {
      evict(log, range(i, 1'000));
      admit(log, range(i + held, 1'000));
      largest = std::max(largest, log.size());
    }
    CHECK(largest <= 4 * held);
    CHECK_FALSE(log.has_overflowed());
  }
}
