#include "actors/index/index_shard.hpp"
#include "messages/repeated_log.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/log_capture.hpp"
#include "tests/unit/index/index_driver.hpp"

#include <doctest/doctest.h>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

using namespace kvc;
using namespace kvc::test;

namespace {

/// Sends a report without asking for an answer and keeps what comes back.
caf::behavior reporting_worker(
  caf::event_based_actor* self, const index_shard_actor& shard,
  chunk_report report, const std::shared_ptr<std::vector<report_ack>>& acks) {
  self->send(shard, std::move(report));
  return {[=](const report_ack& ack) { acks->push_back(ack); }};
}

chunk_report full_sync(std::uint64_t sequence, const keys& what) {
  chunk_report report;
  report.epoch = 7;
  report.sequence = sequence;
  report.begins_sync = true;
  report.ends_sync = true;
  report.runs = {
    {location::cpu, true, static_cast<std::uint32_t>(what.size())}};
  report.keys.keys = what;
  return report;
}

struct shard_fixture {
  deterministic_system system;
  std::shared_ptr<kv_index> index =
    std::make_shared<kv_index>(kv_index_options{});
  index_shard_actor aut =
    system.spawn(index_shard, index,
                 index_shard_options{.max_report_keys = 10, .sweep_cells = 3});
  const keys live{7};

  std::uint64_t open() {
    auto opened = system.ask<epoch_opened>(aut, open_epoch{7, 0});
    REQUIRE(opened);
    return opened->applied_sequence;
  }

  report_status report(const chunk_report& msg) {
    auto ack = system.ask<report_ack>(aut, msg);
    REQUIRE(ack);
    CHECK(ack->epoch == msg.epoch);
    CHECK(ack->sequence == msg.sequence);
    return ack->status;
  }

  std::uint64_t memberships() { return status_of(*index, live).memberships; }
};

}  // namespace

TEST_SUITE("index_shard") {
  TEST_CASE_FIXTURE(shard_fixture, "applies before it acknowledges") {
    CHECK(open() == 0);
    CHECK(report(full_sync(1, {1, 2})) == report_status::applied);
    CHECK(find_one(*index, 2, live) == holder_set{{0, false}});
    CHECK(open() == 1);
  }

  TEST_CASE_FIXTURE(shard_fixture, "acknowledges a report that was just sent") {
    open();
    auto acks = std::make_shared<std::vector<report_ack>>();
    system.spawn(reporting_worker, aut, full_sync(4, {1}), acks);
    REQUIRE(acks->size() == 1);
    CHECK(acks->front().epoch == 7);
    CHECK(acks->front().sequence == 4);
    CHECK(acks->front().status == report_status::applied);
  }

  TEST_CASE_FIXTURE(shard_fixture, "answers whatever it does not apply") {
    CHECK(report(full_sync(1, {1})) == report_status::stale_epoch);
    open();
    CHECK(report(full_sync(1, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})) ==
          report_status::invalid);
    auto change = full_sync(1, {1});
    change.begins_sync = false;
    CHECK(report(change) == report_status::needs_sync);
    CHECK(memberships() == 0);
  }

  TEST_CASE_FIXTURE(shard_fixture, "logs once what it does not apply") {
    end_repeated();  // Of other tests.
    const log_capture log;
    open();
    auto change = full_sync(1, {1});
    change.begins_sync = false;
    for (int i = 0; i < 100; ++i)
      CHECK(report(change) == report_status::needs_sync);
    const std::string fact =
      "index_shard: reports not applied status=needs_sync";
    CHECK(log.lines_with(fact).size() == 1);
    end_repeated();
    CHECK(log.lines_with(fact + " ended count=100").size() == 1);
  }

  TEST_CASE_FIXTURE(shard_fixture, "sweeps by itself what is closed") {
    open();
    report(full_sync(1, {1, 2, 3}));
    REQUIRE(memberships() == 3);
    caf::anon_send(aut, close_epoch{7});
    system.run();
    CHECK(memberships() == 0);
    CHECK(index->open_generation(0, 8) < 2);  // Even the numbers are free.
    CHECK(report(full_sync(2, {1})) == report_status::stale_epoch);
  }

  TEST_CASE_FIXTURE(shard_fixture, "sweeps by itself what a sync replaced") {
    open();
    report(full_sync(1, {1, 2, 3}));
    report(full_sync(2, {3, 4}));
    system.run();
    CHECK(memberships() == 2);
    report(full_sync(3, {5}));
    system.run();
    CHECK(memberships() == 1);
  }
}
