#include "tests/unit/reporting/change_log_support.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

TEST_SUITE("change_log overflow") {
  TEST_CASE("overflows during a scan and grows no more") {
    change_log log;
    log.begin_scan();
    std::uint64_t next = 0;
    const auto cycle = [&] {
      admit(log, range(next, 1'000));
      evict(log, range(next, 1'000));
      next += 1'000;
    };
    while (!log.has_overflowed() && next < 4 * scan_limit)
      cycle();
    REQUIRE(log.has_overflowed());
    CHECK(next > scan_limit);
    const auto size = log.size();
    CHECK(size <= 2 * scan_limit);
    for (auto i = 0; i < 3'000; ++i)
      cycle();
    CHECK(log.size() == size);
    CHECK(log.has_overflowed());
    log.end_scan();
    CHECK(log.has_overflowed());
    log.begin_scan();
    CHECK_FALSE(log.has_overflowed());
    CHECK(log.is_empty());
    admit(log, {1});
    CHECK(log.size() == 1);
  }

  TEST_CASE("overflows while a scan's changes wait and grows no more") {
    change_log log;
    log.begin_scan();
    admit(log, {1});
    log.end_scan();
    std::size_t largest = 0;
    for (std::uint64_t i = 0; i < 5'000; ++i) {
      admit(log, range(1'000 * (i + 1), 1'000));
      evict(log, range(1'000 * (i + 1), 1'000));
      largest = std::max(largest, log.size());
    }
    CHECK(log.has_overflowed());
    CHECK(largest <= 4 * scan_limit + 1'000);
  }
}
