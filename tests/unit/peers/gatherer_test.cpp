#include "tests/unit/peers/gather_fixture.hpp"

#include <caf/send.hpp>

#include <new>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

using lists = std::vector<hashes>;

TEST_SUITE("gatherer") {
  TEST_CASE_FIXTURE(gather_fixture, "brings what is missing") {
    put(source, {1, 2, 3, 4});
    put(store, {1});
    b_holds(9);
    auto answer = ask({1, 2, 3});
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->chunks == 3);
    REQUIRE(controller.questions.size() == 1);
    CHECK(controller.questions[0].hashes == key_block{{2, 3}});
    CHECK(controller.questions[0].model == "llama");
    CHECK(controller.questions[0].asker == worker_id{"a", 0});
    REQUIRE(asked(script) == lists{{2, 3}});
    CHECK(script.leases[0].epoch == 9);
    CHECK(held(store, {1, 2, 3, 4}) == hashes{1, 2, 3});
    CHECK(store.clear(hashes{2})[0].outcome == chunk_outcome::in_use);
    answer->value->holds.reset();
    CHECK(store.clear(hashes{2})[0].outcome == chunk_outcome::done);
  }

  TEST_CASE_FIXTURE(gather_fixture, "asks nobody for what is here") {
    put(store, {1, 2});
    CHECK(fetch({1, 2}) == 2);
    CHECK(fetch({}) == 0);
    CHECK(controller.questions.empty());
  }

  TEST_CASE_FIXTURE(gather_fixture, "misses without a link") {
    here.note_lost_link();
    put(store, {1});
    put(source, {1, 2});
    b_holds(9);
    CHECK(fetch({1, 2}) == 1);
    CHECK(script.leases.empty());
    open_link();
    CHECK(fetch({1, 2}) == 2);
  }

  TEST_CASE_FIXTURE(gather_fixture, "misses without an answer") {
    put(source, {1});
    controller.refusal = caf::make_error(errc::not_ready);
    CHECK(fetch({1}) == 0);
    CHECK(controller.questions.size() == 2);
    controller.is_silent = true;
    const auto answer = ask({1});
    advance(1'999);
    CHECK(answer->is_empty());
    advance(1);
    REQUIRE(answer->value);
    CHECK(answer->value->chunks == 0);
    controller.is_silent = false;
    controller.refusal = {};
    b_holds(1);
    CHECK(fetch({1}) == 1);
  }

  TEST_CASE_FIXTURE(gather_fixture, "fetches once what two ask for") {
    put(source, {1, 2, 3});
    b_holds(9);
    const auto first = ask({1, 2});
    const auto second = ask({1, 2, 3});
    const auto third = ask({2});
    settle();
    for (const auto& answer : {first, second, third})
      REQUIRE(answer->value);
    CHECK(first->value->chunks == 2);
    CHECK(second->value->chunks == 3);
    CHECK(third->value->chunks == 1);
    CHECK(asked(script) == lists{{1, 2}, {3}});
    // Who waited holds it as well.
    first->value.reset();
    CHECK(store.clear(hashes{2})[0].outcome == chunk_outcome::in_use);
  }

  TEST_CASE_FIXTURE(gather_fixture, "stops before what comes already") {
    put(source, {1, 2, 3});
    b_holds(9);
    const auto first = ask({2});
    const auto second = ask({1, 2, 3});
    settle();
    REQUIRE(second->value);
    CHECK(second->value->chunks == 3);
    CHECK(asked(script) == lists{{2}, {1}, {3}});
  }

  TEST_CASE_FIXTURE(gather_fixture, "asks another if the first fails") {
    put(source, {1, 2});
    put(elsewhere, {1, 2});
    b_holds(2);
    c_holds(2);
    network.lose(theirs->address());
    CHECK(fetch({1, 2}) == 2);
    CHECK(asked(script) == lists{{1, 2}});
    CHECK(asked(c_script) == lists{{1, 2}});
    CHECK(controller.questions.size() == 2);
  }

  TEST_CASE_FIXTURE(gather_fixture, "asks another for the rest only") {
    put(source, {1});
    put(elsewhere, {1, 2});
    b_holds(1);
    CHECK(fetch({1, 2}) == 1);
    REQUIRE(controller.questions.size() == 2);
    CHECK(controller.questions[1].hashes == key_block{{2}});
    controller.holders.clear();
    c_holds(2);
    CHECK(fetch({1, 2}) == 2);
    CHECK(asked(c_script) == lists{{2}});
  }

  TEST_CASE_FIXTURE(gather_fixture, "asks twice at most") {
    b_holds(1);  // It is not so.
    CHECK(fetch({1}) == 0);
    CHECK(asked(script) == lists{{1}, {1}});
    CHECK(controller.questions.size() == 2);
  }

  TEST_CASE_FIXTURE(gather_fixture, "avoids a peer that failed for a while") {
    put(source, {1, 2});
    b_holds(9);
    script.refusal = caf::make_error(errc::stale_epoch);
    CHECK(fetch({1}) == 0);
    CHECK(script.leases.size() == 1);
    script.refusal = {};
    advance(4'999);
    CHECK(fetch({1}) == 0);
    CHECK(script.leases.size() == 1);
    advance(1);
    CHECK(fetch({1}) == 1);
    CHECK(script.leases.size() == 2);
  }

  TEST_CASE_FIXTURE(gather_fixture, "asks once more who gave a part") {
    put(source, {1, 2, 3});
    b_holds(3);
    const auto answer = ask({1, 2, 3});
    damage_first();
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->chunks == 3);
    CHECK(asked(script) == lists{{1, 2, 3}, {1, 2, 3}});
    CHECK(held(store, {1, 2, 3}) == hashes{1, 2, 3});
    put(source, {4});
    CHECK(fetch({4}) == 0);  // It is avoided by who asks for something else.
    CHECK(asked(script).size() == 2);
  }

  TEST_CASE_FIXTURE(gather_fixture, "asks another for what one damaged") {
    put(source, {1, 2, 3});
    put(elsewhere, {1, 2, 3});
    b_holds(3);
    c_holds(3);
    const auto answer = ask({1, 2, 3});
    damage_first();
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->chunks == 3);
    CHECK(asked(script) == lists{{1, 2, 3}});
    CHECK(asked(c_script) == lists{{1, 2, 3}});
  }

  TEST_CASE_FIXTURE(gather_fixture, "does not ask again who gave nothing") {
    put(source, {1});
    b_holds(1);
    const auto answer = ask({1});
    damage_first();
    settle();
    REQUIRE(answer->value);
    CHECK(answer->value->chunks == 0);
    CHECK(asked(script) == lists{{1}});
  }

  TEST_CASE_FIXTURE(gather_fixture, "answers in time with what is here") {
    put(source, {1, 2});
    put(store, {1});
    b_holds(9);
    const auto first = ask({1, 2});
    work();
    network.hold(theirs->address());
    advance(500);
    const auto second = ask({1, 2});
    advance(1'499);
    CHECK(first->is_empty());
    advance(1);
    REQUIRE(first->value);
    CHECK(first->value->chunks == 1);
    CHECK(second->is_empty());
    network.release(theirs->address());
    settle();
    REQUIRE(second->value);
    CHECK(second->value->chunks == 1);
    CHECK(script.leases.size() == 1);  // It is avoided now.
    CHECK(store.usage().used_bytes == chunk_bytes);
  }

  TEST_CASE_FIXTURE(gather_fixture, "fetches nothing that nobody waits for") {
    put(source, {1});
    controller.is_silent = true;
    ask_and_release({1});
    advance(500);
    const auto second = ask({1});
    controller.is_silent = false;
    b_holds(1);
    advance(1'500);
    settle();
    REQUIRE(second->value);
    CHECK(second->value->chunks == 1);
    CHECK(script.leases.size() == 1);
  }

  TEST_CASE_FIXTURE(gather_fixture, "divides the work among peers") {
    hashes names;
    for (std::uint64_t name = 1; name <= 16; ++name)
      names.push_back(name);
    put(source, names);
    put(elsewhere, names);
    b_holds(16);
    c_holds(16);
    CHECK(fetch(names) == 16);
    CHECK(asked(script) == lists{{1, 2, 3, 4, 5, 6, 7, 8}});
    CHECK(asked(c_script) == lists{{9, 10, 11, 12, 13, 14, 15, 16}});
    CHECK(held(store, names) == names);
  }

  TEST_CASE_FIXTURE(gather_fixture, "asks who has the least to give") {
    put(source, {1, 2, 3});
    put(elsewhere, {1, 2, 3});
    b_holds(1);
    c_holds(1);
    const auto first = ask({1});
    const auto other = ask({2});
    CHECK(asked(script) == lists{{1}});
    CHECK(asked(c_script) == lists{{2}});
    settle();
    CHECK(fetch({3}) == 1);  // Nobody has anything to give any more.
    CHECK(asked(script) == lists{{1}, {3}});
  }

  TEST_CASE_FIXTURE(gather_fixture, "prefers peers of its own host") {
    here.profile.ip = "elsewhere";
    put(elsewhere, {1});
    b_holds(1);
    c_holds(1);
    CHECK(fetch({1}) == 1);
    CHECK(script.leases.empty());
  }

  TEST_CASE_FIXTURE(gather_fixture, "blames no peer for its own failure") {
    struct : membership_listener {
      bool is_broken = true;

      void chunks_admitted(location, std::span<const std::uint64_t>) override {
        if (is_broken)
          throw std::bad_alloc{};
      }

      void chunks_evicted(location, std::span<const std::uint64_t>) override {}
    } listener;
    const auto own = network.make_transport(4 * chunk_bytes);
    cpu_store fragile = store_over(*own, &listener, now);
    set_up(here, *own, fragile);
    put(source, {1, 2, 3});
    b_holds(3);
    CHECK(fetch({1, 2, 3}) == 2);  // In two rounds, which admit one each.
    CHECK(asked(script) == lists{{1, 2, 3}, {2, 3}});
    listener.is_broken = false;
    CHECK(fetch({1, 2, 3}) == 3);
    CHECK(asked(script).back() == hashes{3});
    own->stop();
    jobs.clear();
    set_up(here, *ours, store);
  }

  TEST_CASE_FIXTURE(gather_fixture, "answers with what is here at its end") {
    put(source, {1, 2});
    put(store, {1});
    controller.is_silent = true;
    const auto answer = ask({1, 2});
    system.run();
    CHECK(answer->is_empty());
    caf::anon_send_exit(aut, caf::exit_reason::user_shutdown);
    system.run();
    REQUIRE(answer->value);
    CHECK(answer->value->chunks == 1);
  }
}
