#include "tests/unit/commands/move_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

struct surrender_fixture : move_fixture {
  /// Begins a move that may take three seconds, and lets it come to its end.
  std::shared_ptr<answer_box<command_result>> begin_short(const hashes& names) {
    auto order = order_of(move_of(names));
    order.timeout = 3s;
    auto answer = begin(order);
    settle();
    CHECK(answer->is_empty());
    return answer;
  }
};

}  // namespace

TEST_SUITE("source of a move") {
  TEST_CASE_FIXTURE(surrender_fixture, "keeps what it refuses to drop") {
    put(source, {1});
    script.keeps = caf::make_error(errc::not_ready, "b/0");
    CHECK(run(move_of({1})) ==
          "connection_lost: copied, but the source keeps its own: "
          "not_ready: b/0");
  }

  TEST_CASE_FIXTURE(surrender_fixture, "keeps what it cannot be asked for") {
    put(source, {2});
    reporters[0].is_silent = true;
    const auto answer = begin(move_of({2}));
    settle();
    peers.links.clear();
    move_fixture::answer(0);
    CHECK(describe(answer->error) ==
          "connection_lost: copied, but the source keeps its own: "
          "unreachable: there");
  }

  TEST_CASE_FIXTURE(surrender_fixture, "may have dropped what it failed at") {
    put(source, {1, 2});
    script.keeps = caf::make_error(errc::io_failed, "std::bad_alloc");
    CHECK(run(move_of({1, 2})) ==
          "connection_lost: copied, but the source was asked to drop the first "
          "2 of 2 copied and has answered for 0: io_failed: std::bad_alloc");
  }

  TEST_CASE_FIXTURE(surrender_fixture, "may have dropped what it was asked") {
    put(source, {1, 2});
    script.is_silent_at_surrenders = true;
    const auto answer = begin_short({1, 2, 3});
    CHECK(script.surrenders.size() == 1);
    advance(3'000);
    CHECK(describe(answer->error) ==
          "timed_out: 3 of 3 chunks done, the source was asked to drop the "
          "first 2 of 2 copied and has answered for 0");
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(surrender_fixture, "may have dropped all before it died") {
    put(source, {1});
    script.is_silent_at_surrenders = true;
    const auto answer = begin_short({1});
    system.kill(peer);
    REQUIRE(answer->error);
    CHECK(describe(answer->error) ==
          "connection_lost: copied, but the source was asked to drop the first "
          "1 of 1 copied and has answered for 0: connection_lost: it is gone");
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(surrender_fixture, "keeps all while the index is told") {
    put(source, {1});
    reporters[1].is_silent = true;
    const auto answer = begin_short({1});
    advance(3'000);
    CHECK(describe(answer->error) ==
          "timed_out: 1 of 1 chunks done, the index not told, the source keeps "
          "its own");
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(surrender_fixture, "keeps all while it is dialled") {
    put(source, {1});
    reporters[0].is_silent = true;
    const auto answer = begin_short({1});
    peers.is_silent = true;
    move_fixture::answer(0);
    advance(3'000);
    CHECK(describe(answer->error) ==
          "timed_out: 1 of 1 chunks done, the source keeps its own");
    CHECK(script.surrenders.empty());
  }
}
