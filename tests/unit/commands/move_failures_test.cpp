#include "tests/unit/commands/move_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

struct damage_fixture : move_fixture {
  /// Damages the first chunk of each of the next reads.
  void damage(int reads) {
    for (int i = 0; i < reads; ++i) {
      work();
      network.corrupt_next(1);
      network.run_all();
      system.run();
    }
  }
};

}  // namespace

TEST_SUITE("move that fails") {
  TEST_CASE_FIXTURE(move_fixture, "tries a part once more") {
    put(source, names_to(130));
    script.refusal = caf::make_error(errc::too_busy, "9 leases");
    script.refusals = 1;
    CHECK(run(move_of({1, 2})) == "");
    CHECK(count(outcome::done) == 2);
    REQUIRE(script.leases.size() == 2);
    CHECK(script.leases[1].hashes == script.leases[0].hashes);
    script.refusals = 1;
    script.leases.clear();
    script.change = [this](const chunk_lease& x) {
      script.refusals = x.next_cursor == 64 ? 1 : 0;
    };
    CHECK(run(move_all()) == "");
    CHECK(count(outcome::done) == 128);
    CHECK(count(outcome::unchanged) == 2);
    std::vector<std::uint64_t> cursors;
    for (const auto& x : script.leases)
      cursors.push_back(x.cursor);
    CHECK(cursors == std::vector<std::uint64_t>{0, 0, 64, 64, 128});
  }

  TEST_CASE_FIXTURE(move_fixture, "then gives up") {
    put(source, names_to(70));
    script.refusal = caf::make_error(errc::too_busy, "9 leases");
    script.refusals = 0;
    script.change = [this](const chunk_lease&) { script.refusals = 9; };
    CHECK(run(move_of(names_to(70))) == "too_busy: 9 leases");
    CHECK(script.leases.size() == 3);
    CHECK(script.surrenders.empty());
    CHECK(has_ended);
    CHECK(is_idle(1));
  }

  TEST_CASE_FIXTURE(move_fixture, "gives up on a transport that fails") {
    put(source, names_to(130));
    network.fail_next(3, read_status::unreachable);
    CHECK(run(move_of(names_to(130))) == "connection_lost: unreachable");
    CHECK(script.leases.size() == 2);
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(move_fixture, "tries once more what did not come") {
    put(source, {1, 2, 3});
    network.fail_next(1, read_status::unreachable);
    CHECK(run(move_of({1, 2, 3})) == "");
    CHECK(count(outcome::done) == 3);
    CHECK(result.tally.finished() == 3);
    REQUIRE(script.leases.size() == 2);
    CHECK(script.leases[1].hashes == key_block{{1, 2, 3}});
  }

  TEST_CASE_FIXTURE(move_fixture, "tries once more what a part lacks") {
    put(source, names_to(70));
    const auto answer = begin(move_all());
    work();
    REQUIRE(network.run_one());
    network.pass_soft_deadlines();
    system.run();
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->tally.of(outcome::done) == 70);
    CHECK(answer->value->tally.finished() == 70);
    REQUIRE(script.leases.size() == 3);
    CHECK(script.leases[0].hashes.keys.empty());
    auto rest = names_to(64);
    rest.erase(rest.begin());
    CHECK(script.leases[1].hashes == key_block{rest});
    CHECK(script.leases[2].hashes.keys.empty());
    CHECK(script.leases[2].cursor == 64);
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].hashes == key_block{names_to(70)});
  }

  TEST_CASE_FIXTURE(move_fixture, "says how many chunks did not come") {
    put(source, {1, 2, 3});
    const auto answer = begin(move_of({1, 2, 3}));
    work();
    REQUIRE(network.run_one());
    network.lose(theirs->address());
    settle();
    CHECK(describe(answer->error) ==
          "io_failed: 2 chunks not copied: unreachable");
    REQUIRE(script.leases.size() == 2);
    CHECK(script.leases[1].hashes == key_block{{2, 3}});
    REQUIRE_FALSE(heard.empty());
    CHECK(heard.back().tally.of(outcome::failed) == 2);
    CHECK(heard.back().tally.of(outcome::done) == 1);
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].hashes == key_block{{1}});
  }

  TEST_CASE_FIXTURE(damage_fixture, "moves the rest of what came damaged") {
    put(source, {1, 2, 3});
    const auto answer = begin(move_of({1, 2, 3}));
    damage(4);
    CHECK(script.leases.size() == 2);
    settle();
    CHECK(describe(answer->error) ==
          "io_failed: 1 chunks not copied: damaged on the way");
    CHECK(held(store, {1, 2, 3}) == hashes{2, 3});
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].hashes == key_block{{2, 3}});
  }

  TEST_CASE_FIXTURE(move_fixture, "ends cancelled while it reads") {
    put(source, names_to(70));
    const auto answer = begin(move_of(names_to(70)));
    work();
    REQUIRE(network.run_one());
    cancel();
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->was_cancelled);
    CHECK(answer->value->tally.of(outcome::done) == 1);
    CHECK(answer->value->tally.finished() == 1);
    CHECK(answer->value->tally.planned == 70);
    CHECK(script.leases.size() == 1);
    CHECK(script.ends.size() == 1);
    CHECK(script.surrenders.empty());
    CHECK(reporters[0].flushes == 1);
  }

  TEST_CASE_FIXTURE(move_fixture, "ends cancelled while it dials or leases") {
    peers.is_silent = true;
    const auto dialing = begin(move_of({1}));
    cancel();
    REQUIRE(dialing->value);
    CHECK(dialing->value->was_cancelled);
    CHECK(dialing->value->tally.finished() == 0);
    CHECK(has_ended);
    peers.is_silent = false;
    put(source, names_to(70));
    script.change = [this](const chunk_lease&) { script.is_silent = true; };
    const auto leasing = begin(move_all());
    settle();
    CHECK(script.leases.size() == 2);
    cancel();
    REQUIRE(leasing->value);
    CHECK(leasing->value->was_cancelled);
    CHECK(leasing->value->tally.of(outcome::done) == 64);
    CHECK(leasing->value->tally.planned == 70);
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(damage_fixture, "ends cancelled after a part that failed") {
    put(source, names_to(70));
    const auto answer = begin(move_of(names_to(70)));
    damage(4);
    work();
    CHECK(script.leases.size() == 3);
    cancel();
    settle();
    CHECK(describe(answer->error) ==
          "io_failed: 1 chunks not copied: damaged on the way");
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(damage_fixture, "has not failed what is tried once more") {
    put(source, names_to(70));
    const auto answer = begin(move_of(names_to(70)));
    damage(2);
    work();
    CHECK(script.leases.size() == 2);
    cancel();
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->was_cancelled);
    CHECK(answer->value->tally.of(outcome::done) == 63);
    CHECK(answer->value->tally.finished() == 63);
  }

  TEST_CASE_FIXTURE(move_fixture, "drops nothing when cancelled at the end") {
    put(source, {1});
    reporters[0].is_silent = true;
    const auto answer = begin(move_of({1}));
    settle();
    cancel();
    move_fixture::answer(0);
    REQUIRE(answer->value);
    CHECK(answer->value->was_cancelled);
    CHECK(answer->value->tally.of(outcome::done) == 1);
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(move_fixture, "ends in time, and its lease with it") {
    put(source, names_to(70));
    auto order = order_of(move_of(names_to(70)));
    order.timeout = 3s;
    const auto answer = begin(order);
    work();
    network.run_all();
    system.run();
    work();
    network.hold(theirs->address());
    advance(2'999);
    CHECK(answer->is_empty());
    advance(1);
    CHECK(describe(answer->error) ==
          "timed_out: 64 of 70 chunks done, the source keeps its own");
    CHECK(has_ended);
    CHECK(script.ends.size() == 2);
    CHECK(script.surrenders.empty());
    network.release(theirs->address());
    settle();
    CHECK(network.pending() == 0);
    CHECK(store.usage().chunks == 64);
    CHECK(store.usage().used_bytes == 64 * chunk_bytes);
  }

  TEST_CASE_FIXTURE(move_fixture, "ends with who waits for it") {
    put(source, {1});
    auto answer = begin(move_of({1}));
    work();
    system.kill(event);
    CHECK(describe(answer->error) == "connection_lost: nobody waits for it");
    CHECK(script.ends.size() == 1);
    spawn_event();
    answer = begin(move_of({1}));
    system.kill(owner);
    CHECK(describe(answer->error) == "connection_lost: nobody waits for it");
    settle();
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(move_fixture, "keeps the source if the index is not told") {
    put(source, {1});
    const auto answer = begin(move_of({1}));
    system.kill(reports[0]);
    system.kill(reports[1]);
    settle();
    CHECK(describe(answer->error) ==
          "connection_lost: copied, but the index was not told");
    CHECK(has_ended);
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(move_fixture, "lets a prompt lose its tail first") {
    put(source, names_to(130));
    CHECK(run(move_of(names_to(130))) == "");
    log.take();
    hashes others(71);
    std::iota(others.begin(), others.end(), 1'001);
    put(store, others);  // One more than there is room for.
    const auto first = log.take().front();
    CHECK_FALSE(first.first);
    CHECK(first.second == 130);
  }

  TEST_CASE_FIXTURE(damage_fixture, "lets a prompt lose what came late last") {
    put(source, {1, 2, 3});
    const auto answer = begin(move_of({1, 2, 3}));
    damage(2);
    settle();
    REQUIRE(answer->value);
    log.take();
    hashes others(199);
    std::iota(others.begin(), others.end(), 1'001);
    put(store, others);  // Two more than there is room for.
    const auto changes = log.take();
    REQUIRE(changes.size() > 2);
    CHECK(changes[0] == change_recorder::change{false, 3});
    CHECK(changes[1] == change_recorder::change{false, 2});
    CHECK(changes[2].first);
  }
}
