#include "tests/unit/reporting/stream_fixture.hpp"

using namespace kvc;
using namespace kvc::test;

namespace {

/// A stream whose full sync is over.
struct marked_stream : stream_fixture {
  marked_stream() {
    start({4, 2});
    send();
    answer(1);
  }

  /// Reports and answers everything up to `last`, one report at a time.
  void settle_up_to(std::uint64_t last) {
    for (std::uint64_t sequence = 2; sequence <= last; ++sequence) {
      send();
      CHECK(stream.take_passed_marks() == 0);
      answer(sequence);
    }
  }
};

}  // namespace

TEST_SUITE("marks of a report stream") {
  TEST_CASE_FIXTURE(marked_stream, "pass at once when nothing waits") {
    CHECK(stream.take_passed_marks() == 0);
    stream.add_mark();
    stream.add_mark();
    CHECK(stream.take_passed_marks() == 2);
    CHECK(stream.take_passed_marks() == 0);
  }

  TEST_CASE_FIXTURE(marked_stream, "pass when all before them is applied") {
    fill(1, 5);  // Reports 2, 3 and 4.
    stream.add_mark();
    fill(6, 6);  // Report 4 too.
    fill(7, 8);  // Report 5.
    settle_up_to(4);
    CHECK(stream.take_passed_marks() == 1);
  }

  TEST_CASE_FIXTURE(marked_stream, "wait for what is sent but not applied") {
    fill(1, 2);
    send();
    stream.add_mark();
    fill(3, 4);
    stream.add_mark();
    send();
    CHECK(stream.take_passed_marks() == 0);
    answer(2);
    CHECK(stream.take_passed_marks() == 1);
    answer(3);
    CHECK(stream.take_passed_marks() == 1);
  }

  TEST_CASE_FIXTURE(marked_stream, "wait for the end of a full sync") {
    fill(1, 4);
    send();
    stream.add_mark();
    answer(2, report_status::needs_sync);
    send();
    answer(3);
    CHECK(stream.take_passed_marks() == 0);
    answer(4);  // The sync's first report.
    CHECK(stream.take_passed_marks() == 0);
    send();
    answer(5);
    CHECK(stream.take_passed_marks() == 1);
  }

  TEST_CASE_FIXTURE(marked_stream, "wait for what changed during the sync") {
    start({4, 2}, 8);
    bool has_evicted = false;
    store.after_step = [&] {
      if (!has_evicted)
        store.evict(1);
      has_evicted = true;
    };
    stream.add_mark();
    fill(1, 2);
    const auto reports = send();
    REQUIRE(reports.size() == 3);
    CHECK(reports[0].ends_sync);
    CHECK(reports[2].keys.keys == keys{1});
    answer(2, report_status::applied, 8);
    CHECK(stream.take_passed_marks() == 0);
    answer(3, report_status::applied, 8);
    CHECK(stream.take_passed_marks() == 1);
  }

  TEST_CASE_FIXTURE(marked_stream, "begin anew with another epoch") {
    fill(1, 2);
    send();
    stream.add_mark();
    start({4, 2}, 8);
    CHECK(stream.take_passed_marks() == 0);
    send();
    answer(1, report_status::applied, 8);
    CHECK(stream.take_passed_marks() == 1);
  }

  TEST_CASE_FIXTURE(marked_stream, "survive that the changes are reordered") {
    constexpr std::uint64_t count = 80'000;  // Compacted at 65,536.
    for (std::uint64_t hash = 1; hash <= count / 2; ++hash)
      store.admit(hash);
    stream.add_mark();
    for (std::uint64_t hash = 1; hash <= count / 2; ++hash)
      store.evict(hash);
    REQUIRE(hub.reorderings(0) > 0);
    std::uint64_t sequence = 1;
    while (hub.backlog(0) > 0) {
      send();
      CHECK(stream.take_passed_marks() == 0);
      answer(++sequence);
    }
    send();
    answer(sequence + 4);
    CHECK(stream.take_passed_marks() == 1);
  }
}
