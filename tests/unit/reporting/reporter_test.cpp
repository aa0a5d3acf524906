#include "actors/reporting/reporter.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/slab_store.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

using keys = std::vector<std::uint64_t>;

/// A shard that answers at once, or leaves it to the test.
struct fake_shard {
  bool is_prompt = false;
  std::vector<chunk_report> reports;
};

report_sink_actor::behavior_type sink(report_sink_actor::pointer self,
                                      fake_shard* shard) {
  return {[=](const chunk_report& report) -> caf::result<report_ack> {
    shard->reports.push_back(report);
    if (shard->is_prompt)
      return report_ack{report.epoch, report.sequence, report_status::applied};
    return self->make_response_promise<report_ack>();
  }};
}

epoch_watcher_actor::behavior_type watcher(epoch_watcher_actor::pointer,
                                           keys* epochs) {
  return {[=](const epoch_ended& msg) { epochs->push_back(msg.epoch); }};
}

struct reporter_fixture {
  change_hub hub;
  test::slab_store store{hub};
  fake_shard shard;
  fake_shard next_shard;
  keys ended;
  test::deterministic_system system;
  report_sink_actor first = system.spawn(sink, &shard);
  report_sink_actor second = system.spawn(sink, &next_shard);
  reporter_actor aut =
    system.spawn(reporter, reporter_sources{hub, store}, std::size_t{0},
                 system.spawn(watcher, &ended));

  reporter_fixture() {
    hub.start({1, 1},
              [this](std::size_t) { caf::anon_send(aut, changes_wait{}); });
  }

  ~reporter_fixture() { hub.stop(); }

  template <class Message>
  void send(Message msg) {
    caf::anon_send(aut, std::move(msg));
    system.run();
  }

  void open(std::uint32_t max_reports, std::uint64_t epoch = 7) {
    send(open_stream{epoch, false, first, 0, {max_reports, 2}});
  }

  void admit(std::uint64_t hash) {
    store.admit(hash);
    system.run();
  }

  void answer(std::size_t index,
              report_status status = report_status::applied) {
    const auto& report = shard.reports.at(index);
    send(report_ack{report.epoch, report.sequence, status});
  }
};

}  // namespace

TEST_SUITE("reporter") {
  TEST_CASE_FIXTURE(reporter_fixture, "is silent until it is opened") {
    admit(1);
    send(changes_wait{});
    CHECK(shard.reports.empty());
    open(1);
    REQUIRE(shard.reports.size() == 1);
    CHECK(shard.reports[0].begins_sync);
    CHECK(shard.reports[0].keys.keys == keys{1});
  }

  TEST_CASE_FIXTURE(reporter_fixture, "takes a shard's answer as a message") {
    shard.is_prompt = true;
    for (std::uint64_t hash = 1; hash <= 5; ++hash)
      store.admit(hash);
    open(1);
    REQUIRE(shard.reports.size() == 3);
    CHECK(shard.reports[2].ends_sync);
    admit(6);
    CHECK(shard.reports.size() == 4);
  }

  TEST_CASE_FIXTURE(reporter_fixture, "says when all so far is applied") {
    open(1);
    answer(0);
    store.admit(1);
    caf::scoped_actor asker{aut->home_system(), true};
    const auto flushed = [&] {
      system.run();
      return !asker->mailbox().empty();
    };
    asker->send(aut, flush_reports{});
    CHECK_FALSE(flushed());
    answer(1);
    CHECK(flushed());
  }

  TEST_CASE_FIXTURE(reporter_fixture, "sends on when an answer arrives") {
    for (std::uint64_t hash = 1; hash <= 5; ++hash)
      store.admit(hash);
    open(2);
    CHECK(shard.reports.size() == 2);
    answer(0);
    REQUIRE(shard.reports.size() == 3);
    CHECK(shard.reports[2].sequence == 3);
    CHECK(shard.reports[2].ends_sync);
  }

  TEST_CASE_FIXTURE(reporter_fixture, "sends each change as it comes") {
    open(3);
    REQUIRE(shard.reports.size() == 1);
    answer(0);
    admit(1);
    REQUIRE(shard.reports.size() == 2);
    CHECK(shard.reports[1].keys.keys == keys{1});
    admit(2);
    admit(3);
    REQUIRE(shard.reports.size() == 4);
    admit(4);
    CHECK(shard.reports.size() == 4);
    answer(1);
    REQUIRE(shard.reports.size() == 5);
    CHECK(shard.reports[4].keys.keys == keys{4});
  }

  TEST_CASE_FIXTURE(reporter_fixture,
                    "stops while it is paused, then resends") {
    open(3);
    admit(1);
    REQUIRE(shard.reports.size() == 2);
    send(pause_stream{});
    admit(2);
    answer(0);
    CHECK(shard.reports.size() == 2);
    CHECK(next_shard.reports.empty());
    send(open_stream{7, true, second, 1, {3, 2}});
    CHECK(shard.reports.size() == 2);
    REQUIRE(next_shard.reports.size() == 2);
    CHECK(next_shard.reports[0].sequence == 2);
    CHECK(next_shard.reports[0].keys.keys == keys{1});
    CHECK(next_shard.reports[1].sequence == 3);
    CHECK(next_shard.reports[1].keys.keys == keys{2});
  }

  TEST_CASE_FIXTURE(reporter_fixture,
                    "starts over if another epoch is revived") {
    open(3);
    answer(0);
    send(open_stream{8, true, second, 0, {3, 2}});
    REQUIRE(next_shard.reports.size() == 1);
    CHECK(next_shard.reports[0].epoch == 8);
    CHECK(next_shard.reports[0].sequence == 1);
    CHECK(next_shard.reports[0].begins_sync);
  }

  TEST_CASE_FIXTURE(reporter_fixture, "tells once that its epoch is over") {
    for (std::uint64_t hash = 1; hash <= 9; ++hash)
      store.admit(hash);
    open(3);
    REQUIRE(shard.reports.size() == 3);
    answer(0, report_status::stale_epoch);
    CHECK(ended == keys{7});
    answer(1, report_status::stale_epoch);
    answer(2, report_status::stale_epoch);
    CHECK(ended == keys{7});
    CHECK(shard.reports.size() == 3);
    admit(10);
    CHECK(shard.reports.size() == 3);
    open(1, 9);
    REQUIRE(shard.reports.size() == 4);
    CHECK(shard.reports[3].epoch == 9);
    answer(3, report_status::stale_epoch);
    CHECK(ended == keys{7, 9});
  }
}
