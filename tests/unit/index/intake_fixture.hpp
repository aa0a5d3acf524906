#pragma once

#include "actors/index/report_intake.hpp"
#include "tests/unit/index/index_driver.hpp"

#include <doctest/doctest.h>

namespace kvc::test {

/// An index of small reports: epoch 100 is not open yet.
struct intake_fixture {
  kv_index index{{}};
  report_intake intake{index, 8};
  const keys live{100, 200};

  /// A report of epoch 100 that admits `what` to location::cpu.
  static chunk_report admitting(std::uint64_t sequence, const keys& what) {
    chunk_report report;
    report.epoch = 100;
    report.sequence = sequence;
    if (!what.empty())
      report.runs = {
        {location::cpu, true, static_cast<std::uint32_t>(what.size())}};
    report.keys.keys = what;
    return report;
  }

  static chunk_report evicting(std::uint64_t sequence, const keys& what) {
    auto report = admitting(sequence, what);
    report.runs.front().is_admission = false;
    return report;
  }

  static chunk_report syncing(std::uint64_t sequence, const keys& what,
                              bool ends = false) {
    auto report = admitting(sequence, what);
    report.begins_sync = true;
    report.ends_sync = ends;
    return report;
  }

  static chunk_report ending(std::uint64_t sequence, const keys& what) {
    auto report = admitting(sequence, what);
    report.ends_sync = true;
    return report;
  }

  report_status apply(const chunk_report& report) {
    const auto ack = intake.apply(report);
    CHECK(ack.epoch == report.epoch);
    CHECK(ack.sequence == report.sequence);
    return ack.status;
  }

  std::uint64_t reopen() { return intake.open({100, 0}).applied_sequence; }

  /// Which of 0..19 the worker holds, each once.
  keys held() {
    keys result;
    for (std::uint64_t key = 0; key < 20; ++key) {
      const auto holders = find_one(index, key, live);
      if (!holders.empty())
        result.push_back(key);
    }
    return result;
  }

  std::size_t memberships() { return status_of(index, live).memberships; }
};

/// Epoch 100 is open.
struct open_fixture : intake_fixture {
  open_fixture() { CHECK(reopen() == 0); }
};

/// Epoch 100 holds 1 and 2.
struct synced_fixture : open_fixture {
  synced_fixture() {
    REQUIRE(apply(syncing(1, {1, 2}, true)) == report_status::applied);
  }
};

}  // namespace kvc::test
