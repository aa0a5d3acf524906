#include "tests/unit/index/intake_fixture.hpp"

using namespace kvc;
using namespace kvc::test;

TEST_SUITE("report_intake") {
  TEST_CASE_FIXTURE(intake_fixture, "takes no report of an unknown epoch") {
    CHECK(apply(syncing(1, {1})) == report_status::stale_epoch);
    CHECK(memberships() == 0);
  }

  TEST_CASE_FIXTURE(open_fixture, "begins only with a full sync") {
    CHECK(apply(admitting(1, {1})) == report_status::needs_sync);
    CHECK(apply(ending(1, {1})) == report_status::needs_sync);
    CHECK(held().empty());
    CHECK(reopen() == 0);
    CHECK(apply(syncing(3, {1})) == report_status::applied);
    CHECK(reopen() == 3);
  }

  TEST_CASE_FIXTURE(synced_fixture, "applies reports in their order") {
    CHECK(apply(admitting(2, {3})) == report_status::applied);
    CHECK(apply(evicting(3, {1})) == report_status::applied);
    CHECK(held() == keys{2, 3});
    CHECK(reopen() == 3);
  }

  TEST_CASE_FIXTURE(synced_fixture, "acknowledges repetitions unchanged") {
    apply(evicting(2, {1}));
    CHECK(apply(syncing(1, {1, 2}, true)) == report_status::applied);
    CHECK(apply(admitting(2, {5})) == report_status::applied);
    CHECK(held() == keys{2});
    CHECK(reopen() == 2);
  }

  TEST_CASE_FIXTURE(synced_fixture,
                    "asks for a sync after a gap until it comes") {
    CHECK(apply(admitting(3, {3})) == report_status::needs_sync);
    CHECK(apply(admitting(4, {4})) == report_status::needs_sync);
    CHECK(held() == keys{1, 2});
    CHECK(reopen() == 1);
    CHECK(apply(syncing(5, {7}, true)) == report_status::applied);
    CHECK(held() == keys{7});
    CHECK(apply(admitting(6, {8})) == report_status::applied);
  }

  TEST_CASE_FIXTURE(synced_fixture, "still takes the missing one after a gap") {
    CHECK(apply(admitting(3, {3})) == report_status::needs_sync);
    CHECK(apply(admitting(2, {4})) == report_status::applied);
    CHECK(held() == keys{1, 2, 4});
  }

  TEST_CASE_FIXTURE(synced_fixture, "takes nothing of a closed epoch") {
    intake.close(100);
    CHECK(held().empty());
    CHECK(apply(admitting(2, {3})) == report_status::stale_epoch);
    CHECK(apply(admitting(1, {1})) == report_status::stale_epoch);
    sweep_all(index);
    CHECK(memberships() == 0);
  }

  TEST_CASE_FIXTURE(open_fixture,
                    "closes both generations and no other epoch") {
    apply(syncing(1, {1}, true));
    apply(syncing(2, {2}));
    intake.open({200, 1});
    auto other = syncing(1, {9}, true);
    other.epoch = 200;
    apply(other);
    intake.close(100);
    intake.close(100);
    intake.close(300);
    CHECK(held() == keys{9});
    sweep_all(index);
    CHECK(memberships() == 1);
  }

  TEST_CASE_FIXTURE(synced_fixture, "opens an open epoch unchanged") {
    CHECK(reopen() == 1);
    CHECK(held() == keys{1, 2});
    CHECK(status_of(index, live).syncing_streams == 0);
    intake.close(100);
    CHECK(reopen() == 0);
    CHECK(held().empty());
  }
}

TEST_SUITE("report_intake: malformed reports") {
  TEST_CASE_FIXTURE(synced_fixture, "refuses counts that do not add up") {
    auto report = admitting(2, {3, 4});
    report.runs[0].count = 1;
    CHECK(apply(report) == report_status::invalid);
    report.runs[0].count = 3;
    CHECK(apply(report) == report_status::invalid);
    report.runs = {};
    CHECK(apply(report) == report_status::invalid);
    report.runs = {{location::cpu, true, 2}, {location::cpu, true, 0}};
    CHECK(apply(report) == report_status::invalid);
    report.runs = {{location::cpu, true, 3}, {location::cpu, true, ~0U}};
    CHECK(apply(report) == report_status::invalid);
    CHECK(held() == keys{1, 2});
    CHECK(reopen() == 1);
  }

  TEST_CASE_FIXTURE(synced_fixture, "refuses an unknown location") {
    auto report = admitting(2, {3});
    report.runs[0].where = static_cast<location>(2);
    CHECK(apply(report) == report_status::invalid);
    CHECK(held() == keys{1, 2});
  }

  TEST_CASE_FIXTURE(synced_fixture, "refuses more keys than agreed") {
    CHECK(apply(admitting(2, {3, 4, 5, 6, 7, 8, 9, 10, 11})) ==
          report_status::invalid);
    CHECK(held() == keys{1, 2});
    CHECK(apply(admitting(2, {3, 4, 5, 6, 7, 8, 9, 10})) ==
          report_status::applied);
  }

  TEST_CASE_FIXTURE(open_fixture, "refuses the sequence number 0") {
    CHECK(apply(admitting(0, {1})) == report_status::invalid);
    CHECK(apply(syncing(0, {1})) == report_status::invalid);
    CHECK(held().empty());
    apply(syncing(1, {1}, true));
    CHECK(apply(admitting(0, {5})) == report_status::invalid);
  }

  TEST_CASE_FIXTURE(synced_fixture, "starts no sync with a malformed report") {
    auto report = syncing(2, {3}, true);
    report.runs[0].count = 9;
    CHECK(apply(report) == report_status::invalid);
    CHECK(held() == keys{1, 2});
    CHECK(apply(admitting(3, {4})) == report_status::needs_sync);
  }

  TEST_CASE_FIXTURE(synced_fixture, "applies a report without keys") {
    CHECK(apply(admitting(2, {})) == report_status::applied);
    CHECK(apply(admitting(3, {3})) == report_status::applied);
    CHECK(held() == keys{1, 2, 3});
  }

  TEST_CASE("says that admissions exceeded the memory") {
    kv_index small{{.memory_limit_bytes = 1}};
    report_intake intake{small, 300'000};
    intake.open({100, 0});
    keys many(300'000);
    for (std::uint64_t i = 0; i < many.size(); ++i)
      many[i] = i;
    auto report = intake_fixture::syncing(1, many, true);
    CHECK(intake.apply(report).status == report_status::out_of_memory);
    const auto status = status_of(small, {100});
    CHECK(status.memberships > 150'000);
    CHECK(status.memberships + status.refused_admissions == many.size());
    report = intake_fixture::evicting(2, {0});
    CHECK(intake.apply(report).status == report_status::applied);
    report = intake_fixture::admitting(3, {1ULL << 40U, 1ULL << 41U});
    CHECK(intake.apply(report).status == report_status::out_of_memory);
    CHECK(intake.open({100, 0}).applied_sequence == 3);
  }
}
