#include "tests/unit/reporting/stream_fixture.hpp"

using namespace kvc;
using namespace kvc::test;

namespace {

void check(const chunk_report& report, std::uint64_t sequence, bool begins,
           bool ends) {
  CHECK(report.epoch == 7);
  CHECK(report.sequence == sequence);
  CHECK(report.begins_sync == begins);
  CHECK(report.ends_sync == ends);
}

std::set<std::uint64_t> all_keys(const std::vector<chunk_report>& reports) {
  std::set<std::uint64_t> result;
  for (const auto& report : reports) {
    for (const auto hash : report.keys.keys)
      CHECK(result.insert(hash).second);
  }
  return result;
}

}  // namespace

TEST_SUITE("report_stream") {
  TEST_CASE_FIXTURE(stream_fixture, "syncs nothing in one report") {
    start({3, 10});
    const auto reports = send();
    REQUIRE(reports.size() == 1);
    check(reports[0], 1, true, true);
    CHECK(reports[0].runs.empty());
    CHECK(reports[0].keys.keys.empty());
  }

  TEST_CASE_FIXTURE(stream_fixture, "syncs a few chunks in one report") {
    fill(1, 3);
    start({3, 10});
    const auto reports = send();
    REQUIRE(reports.size() == 1);
    check(reports[0], 1, true, true);
    CHECK(reports[0].keys.keys == keys{1, 2, 3});
    CHECK(reports[0].runs == runs{{location::cpu, true, 3}});
  }

  TEST_CASE_FIXTURE(stream_fixture, "syncs many chunks in several reports") {
    fill(1, 25);
    start({5, 10});
    const auto reports = send();
    REQUIRE(reports.size() == 3);
    check(reports[0], 1, true, false);
    check(reports[1], 2, false, false);
    check(reports[2], 3, false, true);
    CHECK(reports[0].keys.keys.size() == 10);
    CHECK(reports[1].keys.keys.size() == 10);
    CHECK(reports[2].keys.keys.size() == 5);
    CHECK(all_keys(reports) == store.held());
  }

  TEST_CASE_FIXTURE(stream_fixture, "syncs each location in its own reports") {
    store.locations = {location::cpu, location::disk};
    fill(1, 3);
    store.admit(2, location::disk);
    start({5, 2});
    const auto reports = send();
    REQUIRE(reports.size() == 3);
    check(reports[0], 1, true, false);
    check(reports[1], 2, false, false);
    check(reports[2], 3, false, true);
    CHECK(reports[0].runs == runs{{location::disk, true, 1}});
    CHECK(reports[0].keys.keys == keys{2});
    CHECK(reports[1].runs == runs{{location::cpu, true, 2}});
    CHECK(reports[2].runs == runs{{location::cpu, true, 1}});
  }

  TEST_CASE_FIXTURE(stream_fixture, "syncs the chunks of its shard only") {
    fill(1, 100);
    hub.start({multiplier, 3}, [](std::size_t) {});
    std::set<std::uint64_t> found;
    for (std::size_t shard = 0; shard < 3; ++shard) {
      report_stream one{hub, store, shard};
      one.start(7, {100, 100});
      const auto report = one.next();
      REQUIRE(report);
      for (const auto hash : report->get_as<chunk_report>(0).keys.keys) {
        CHECK(shard_of(hash, multiplier, 3) == shard);
        CHECK(found.insert(hash).second);
      }
    }
    CHECK(found == store.held());
  }

  TEST_CASE_FIXTURE(stream_fixture, "keeps within the window") {
    fill(1, 50);
    start({2, 10});
    CHECK(send().size() == 2);
    CHECK(send().empty());
    answer(1);
    const auto third = send();
    REQUIRE(third.size() == 1);
    check(third[0], 3, false, false);
    answer(1);
    CHECK(send().empty());
    answer(3);
    CHECK(send().size() == 2);
  }

  TEST_CASE_FIXTURE(stream_fixture, "puts changes behind the sync") {
    fill(1, 6);
    store.step_places = 2;
    store.after_step = [this] {
      if (store.steps == 1)
        store.evict(1);
      if (store.steps == 3)
        store.admit(9);
    };
    start({9, 2});
    store.evict(6);
    const auto reports = send();
    REQUIRE(reports.size() == 5);
    CHECK(all_keys({reports.begin(), reports.begin() + 3}) ==
          std::set<std::uint64_t>{1, 2, 3, 4, 5});
    CHECK(reports[2].ends_sync);
    CHECK(reports[3].keys.keys == keys{6, 1});
    CHECK(reports[3].runs == runs{{location::cpu, false, 2}});
    check(reports[4], 5, false, false);
    CHECK(reports[4].keys.keys == keys{9});
    CHECK(reports[4].runs == runs{{location::cpu, true, 1}});
    store.evict(9);
    const auto later = send();
    REQUIRE(later.size() == 1);
    check(later[0], 6, false, false);
  }

  TEST_CASE_FIXTURE(stream_fixture,
                    "starts one sync when reports are missing") {
    fill(1, 1);
    start({9, 10});
    send();
    for (std::uint64_t hash = 2; hash <= 4; ++hash) {
      store.admit(hash);
      REQUIRE(send().size() == 1);
    }
    answer(1);
    SUBCASE("because the shard says so") {
      CHECK(answer(3, report_status::needs_sync) == verdict::go_on);
    }
    SUBCASE("because one was invalid") {
      CHECK(answer(3, report_status::invalid) == verdict::go_on);
    }
    CHECK(answer(4, report_status::needs_sync) == verdict::go_on);
    const auto sync = send();
    REQUIRE(sync.size() == 1);
    check(sync[0], 5, true, true);
    CHECK(sync[0].keys.keys == keys{1, 2, 3, 4});
    answer(4, report_status::needs_sync);
    answer(3, report_status::invalid);
    CHECK(send().empty());
    answer(5, report_status::needs_sync);
    const auto again = send();
    REQUIRE(again.size() == 1);
    check(again[0], 6, true, true);
  }

  TEST_CASE_FIXTURE(stream_fixture, "goes on when memory is short") {
    start({1, 10});
    send();
    CHECK(answer(1, report_status::out_of_memory) == verdict::go_on);
    store.admit(1);
    const auto reports = send();
    REQUIRE(reports.size() == 1);
    check(reports[0], 2, false, false);
  }

  TEST_CASE_FIXTURE(stream_fixture, "hears that its epoch is over") {
    start({1, 10});
    send();
    CHECK(answer(1, report_status::stale_epoch, 6) == verdict::go_on);
    CHECK(answer(1, report_status::applied, 6) == verdict::go_on);
    store.admit(1);
    CHECK(send().empty());
    CHECK(answer(1, report_status::stale_epoch) == verdict::epoch_is_over);
    CHECK(stream.epoch() == 7);
  }

  TEST_CASE_FIXTURE(stream_fixture, "resends exactly what was not applied") {
    fill(1, 50);
    start({5, 10});
    REQUIRE(send().size() == 5);
    answer(1);
    CHECK(resume(3) == keys{4, 5});
    CHECK(resume(3) == keys{4, 5});
    store.admit(51);
    const auto more = send();
    REQUIRE(more.size() >= 1);
    CHECK(more[0].sequence == 6);
    CHECK_FALSE(more[0].begins_sync);
  }

  TEST_CASE_FIXTURE(stream_fixture, "resumes when everything was applied") {
    start({5, 10});
    send();
    CHECK(resume(1).empty());
    CHECK(send().empty());
    store.admit(1);
    REQUIRE(send().size() == 1);
    CHECK(resume(1) == keys{2});
    CHECK(send().empty());
  }

  TEST_CASE_FIXTURE(stream_fixture, "syncs if the shard forgot or knows more") {
    fill(1, 3);
    start({5, 10});
    send();
    answer(1);
    SUBCASE("forgot") {
      CHECK(resume(0).empty());
      const auto reports = send();
      REQUIRE(reports.size() == 1);
      check(reports[0], 2, true, true);
    }
    SUBCASE("knows more") {
      CHECK(resume(8).empty());
      const auto reports = send();
      REQUIRE(reports.size() == 1);
      check(reports[0], 9, true, true);
    }
  }

  TEST_CASE_FIXTURE(stream_fixture, "starts over with a new epoch") {
    fill(1, 20);
    start({1, 10});
    REQUIRE(send().size() == 1);
    start({2, 20}, 8);
    const auto reports = send();
    REQUIRE(reports.size() >= 1);
    CHECK(reports[0].epoch == 8);
    CHECK(reports[0].sequence == 1);
    CHECK(reports[0].begins_sync);
    CHECK(all_keys(reports) == store.held());
  }

  TEST_CASE_FIXTURE(stream_fixture, "syncs anew when too much changes") {
    fill(1, 30);
    start({2, 10});
    REQUIRE(send().size() == 2);
    keys many(1'000);
    for (std::uint64_t next = 1'000; next < 3'000'000;) {
      for (auto& hash : many)
        hash = next++;
      hub.chunks_admitted(location::cpu, many);
      hub.chunks_evicted(location::cpu, many);
    }
    REQUIRE(hub.has_overflowed(0));
    answer(2);
    const auto reports = send();
    REQUIRE(reports.size() == 2);
    check(reports[0], 3, true, false);
    CHECK(all_keys(reports).size() == 20);
    CHECK_FALSE(hub.has_overflowed(0));
    answer(4);
    CHECK(send().size() == 1);
  }
}
