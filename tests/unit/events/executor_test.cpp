#include "tests/support/ask_later.hpp"
#include "tests/unit/events/event_fixture.hpp"

#include <algorithm>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;
using mood = worker_script::mood;

namespace {

constexpr auto lost_text = "the worker's process or link is gone";

std::vector<std::string> ids(const std::vector<event_status>& events) {
  std::vector<std::string> result;
  result.reserve(events.size());
  for (const auto& event : events)
    result.push_back(event.event_id);
  return result;
}

}  // namespace

TEST_SUITE("executor") {
  TEST_CASE_FIXTURE(executor_fixture, "has every rank do its part") {
    auto& first = add(0, mood::prompt, 512);
    add(1, mood::prompt, 256);
    add(0, mood::silent, 0, "b");
    start();
    const auto now = system.boot_clock();
    const auto begun = begin(
      "Pin1", {.verb = operation::pin, .hashes = {{7, 8}}, .pin_ttl = 3s});
    REQUIRE(begun);
    CHECK(begun->state == event_state::running);
    CHECK(begun->started_at_ms == 1'000);
    const auto end = check("Pin1");
    REQUIRE(end);
    CHECK(end->state == event_state::finished);
    CHECK(end->verb == operation::pin);
    CHECK(end->instance == "a");
    CHECK(end->tokens == 256);
    CHECK(end->finished_at_ms == 1'000);
    REQUIRE(end->ranks.size() == 2);
    CHECK(end->ranks[0].tally.tokens == 512);
    REQUIRE(first.orders.size() == 1);
    CHECK(first.orders[0].event_id == "Pin1");
    CHECK(first.orders[0].id == worker_id{"a", 0});
    CHECK(first.orders[0].what.hashes == key_block{{7, 8}});
    CHECK(first.orders[0].what.pin_ttl == 3s);
    CHECK(first.orders[0].timeout == 9'500ms);
    CHECK(first.orders[0].terms == order_terms{9, 70, now + 9'500ms});
    CHECK(scripts[{"b", 0}].orders.empty());
  }

  TEST_CASE_FIXTURE(executor_fixture, "tells when events begin and end") {
    std::vector<std::pair<operation, event_state>> told;
    options.on_change = [&](operation what, event_state state) {
      told.emplace_back(what, state);
    };
    add(0, mood::prompt, 512);
    start();
    CHECK_FALSE(begin("Clear0", {.verb = operation::clear}, "nobody"));
    CHECK(told.empty());
    run();
    CHECK(told == std::vector<std::pair<operation, event_state>>{
                    {operation::clear, event_state::running},
                    {operation::clear, event_state::finished}});
  }

  TEST_CASE_FIXTURE(executor_fixture, "names each rank's trouble") {
    add(0, mood::prompt, 512);
    add(1, mood::silent);
    add(2, mood::refusing);
    add(3, mood::dying);
    add(4, mood::prompt);
    system.kill(workers.back().actor);
    add(6, mood::prompt, 256);
    start();
    const auto end = run();
    CHECK(end.state == event_state::failed);
    CHECK(end.tokens == 256);
    REQUIRE(end.ranks.size() == 7);
    const auto is = [&](std::size_t rank, event_state state, std::int32_t code,
                        const std::string& error) {
      CHECK(end.ranks[rank].rank == rank);
      CHECK(end.ranks[rank].state == state);
      CHECK(end.ranks[rank].code == code);
      CHECK(end.ranks[rank].error == error);
    };
    CHECK(end.ranks[0].state == event_state::finished);
    is(1, event_state::unknown, -1004, "no answer in time");
    is(2, event_state::failed, -1001, "not_ready: busy");
    is(3, event_state::unknown, -1005, lost_text);
    is(4, event_state::unknown, -1005, lost_text);
    is(5, event_state::failed, -1006, "announced, but not registered");
  }

  TEST_CASE_FIXTURE(executor_fixture, "counts what a rank did that failed") {
    auto& first = add(0, mood::silent);
    add(1, mood::prompt, 512);
    start();
    REQUIRE(begin("Move1"));
    command_tally tally{.planned = 3, .tokens = 256};
    tally.chunks[static_cast<std::size_t>(chunk_outcome::done)] = 1;
    caf::anon_send(first.orders[0].observer, command_progress{{"a", 0}, tally});
    system.run();
    first.failure = caf::make_error(errc::io_failed, "2 of 3");
    answer();
    const auto end = check("Move1");
    CHECK(end->state == event_state::failed);
    CHECK(end->ranks[0].error == "io_failed: 2 of 3");
    CHECK(end->ranks[0].tally == tally);
    CHECK(end->tokens == 256);
  }

  TEST_CASE_FIXTURE(executor_fixture, "corrects its record by a late answer") {
    add(0, mood::silent, 256);
    add(1, mood::prompt, 512);
    start();
    const auto failed = run();
    CHECK(failed.state == event_state::failed);
    CHECK(failed.tokens == 512);
    CHECK(failed.corrected_at_ms == 0);
    now_ms += 500;
    answer();
    const auto corrected = check("Clear1");
    CHECK(corrected->state == event_state::finished);
    CHECK(corrected->ranks[0].state == event_state::finished);
    CHECK(corrected->ranks[0].error.empty());
    CHECK(corrected->tokens == 256);
    CHECK(corrected->finished_at_ms == 1'000);
    CHECK(corrected->corrected_at_ms == 1'500);
  }

  TEST_CASE_FIXTURE(executor_fixture, "corrects what was cancelled") {
    auto& script = add(0, mood::silent, 256);
    start();
    REQUIRE(begin("Clear1"));
    auto held = std::exchange(script.held, {});
    const auto end = cancel("Clear1");
    REQUIRE(end);
    CHECK(end->state == event_state::cancelled);
    CHECK(end->ranks[0].state == event_state::unknown);
    CHECK(end->ranks[0].error == "did not confirm the cancellation");
    script.result.was_cancelled = true;
    script.held = std::move(held);
    answer();
    const auto corrected = check("Clear1");
    CHECK(corrected->state == event_state::cancelled);
    CHECK(corrected->ranks[0].state == event_state::cancelled);
    CHECK(corrected->tokens == 256);
    CHECK(corrected->corrected_at_ms == 1'000);
  }

  TEST_CASE_FIXTURE(executor_fixture, "waits a while for late answers") {
    auto& script = add(0, mood::silent, 256);
    start();
    run();
    bool has_ended = false;
    script.orders[0].observer->attach_functor([&] { has_ended = true; });
    system.advance(59s);
    CHECK_FALSE(has_ended);
    system.advance(1s);
    CHECK(has_ended);
    CHECK(check("Clear1")->state == event_state::failed);
  }

  TEST_CASE_FIXTURE(executor_fixture, "waits for the answers of the living") {
    auto& script = add(0, mood::silent, 256);
    start();
    run();
    bool has_ended = false;
    script.orders[0].observer->attach_functor([&] { has_ended = true; });
    system.kill(workers[0].actor);
    CHECK(has_ended);
    CHECK(check("Clear1")->ranks[0].error == "no answer in time");
  }

  TEST_CASE_FIXTURE(executor_fixture, "waits for late answers to so many") {
    auto& script = add(0, mood::silent, 256);
    start();
    for (const auto* id : {"1", "2", "3"})
      REQUIRE(begin(start_event{id, "a", {.verb = operation::clear}, 1s}));
    system.advance(1s);
    REQUIRE(begin(start_event{"4", "a", {.verb = operation::clear}, 1s}));
    system.advance(1s);
    answer();
    CHECK(script.orders.size() == 4);
    CHECK(check("1")->state == event_state::failed);
    CHECK(check("2")->state == event_state::finished);
    CHECK(check("4")->state == event_state::finished);
  }

  TEST_CASE_FIXTURE(executor_fixture, "lets ranks begin while it is wanted") {
    auto& script = add(0, mood::silent);
    start();
    REQUIRE(begin("Clear1"));
    const auto permit = [&](std::size_t event) {
      return system.ask<start_permit>(script.orders[event].observer,
                                      permit_start{{"a", 0}});
    };
    const auto now = system.boot_clock();
    CHECK(permit(0)->not_after == now + 2s);
    system.advance(9s);  // Its workers give up in half a second.
    CHECK(permit(0)->not_after == now + 9'500ms);
    system.advance(1s);
    CHECK(describe(permit(0).error()) == "too_late: nothing was begun");
    REQUIRE(begin("Clear2"));
    script.held.clear();
    REQUIRE(cancel("Clear2"));
    CHECK(permit(1)->is_cancelled);
  }

  TEST_CASE_FIXTURE(executor_fixture, "fails a rank that lost chunks") {
    auto& tally = add(0, mood::prompt, 256).result.tally;
    tally.chunks[static_cast<std::size_t>(chunk_outcome::done)] = 1;
    tally.chunks[static_cast<std::size_t>(chunk_outcome::failed)] = 2;
    add(1, mood::prompt, 512);
    start();
    const auto end = run({.verb = operation::compress, .method = "lz4"});
    CHECK(end.state == event_state::failed);
    CHECK(end.tokens == 256);
    CHECK(end.ranks[0].state == event_state::failed);
    CHECK(end.ranks[0].error ==
          "2 chunks could not be read, written or decoded");
    CHECK(end.ranks[0].tally == tally);
    CHECK(end.ranks[1].state == event_state::finished);
  }

  TEST_CASE_FIXTURE(executor_fixture, "ends a silent event by its deadline") {
    add(0, mood::silent);
    start();
    REQUIRE(begin("Clear1"));
    system.advance(9'999ms);
    CHECK(check("Clear1")->state == event_state::running);
    system.advance(1ms);
    CHECK(check("Clear1")->state == event_state::failed);
    REQUIRE(begin(start_event{"Clear2", "a", {.verb = operation::clear}, 2s}));
    CHECK(scripts[{"a", 0}].orders.back().timeout == 1'500ms);
    system.advance(2s);
    CHECK(check("Clear2")->state == event_state::failed);
  }

  TEST_CASE_FIXTURE(executor_fixture,
                    "tells the health of every announced rank") {
    add(0, mood::prompt).result = {.code = -1, .detail = "memory"};
    add(2, mood::silent);
    start();
    const auto end = run({.verb = operation::health});
    CHECK(end.state == event_state::failed);
    REQUIRE(end.ranks.size() == 3);
    CHECK(end.ranks[0].code == -1);
    CHECK(end.ranks[0].error == "memory");
    CHECK(end.ranks[1].rank == 1);
    CHECK(end.ranks[1].code == -1006);
    CHECK(end.ranks[1].error == "announced, but not registered");
    CHECK(end.ranks[2].code == -1004);
  }

  TEST_CASE_FIXTURE(executor_fixture, "misses no rank of an earlier shape") {
    add(0, mood::prompt);
    add(3, mood::dying);  // Announced four ranks, and is lost.
    workers.back().is_lost = true;
    start();
    const auto end = run({.verb = operation::health});
    REQUIRE(end.ranks.size() == 2);
    CHECK(end.ranks[0].code == 0);
    CHECK(end.ranks[1].rank == 3);
    CHECK(end.ranks[1].state == event_state::failed);  // It has begun nothing.
    CHECK(end.ranks[1].code == -1005);
  }

  TEST_CASE_FIXTURE(executor_fixture, "shows progress while it runs") {
    auto& script = add(0, mood::silent);
    start();
    REQUIRE(begin("Clear1"));
    caf::anon_send(script.orders[0].observer,
                   command_progress{{"a", 0}, {.planned = 9, .tokens = 4}});
    system.run();
    const auto now = check("Clear1");
    CHECK(now->state == event_state::running);
    CHECK(now->ranks[0].tally.planned == 9);
    CHECK(now->tokens == 0);
  }

  TEST_CASE_FIXTURE(executor_fixture, "waits as long as the caller will") {
    add(0, mood::silent, 256);
    start();
    REQUIRE(begin("Clear1"));
    CHECK(check("Clear1", 3s)->state == event_state::running);
    answer();
    CHECK(check("Clear1", 3s)->state == event_state::finished);
  }

  TEST_CASE_FIXTURE(executor_fixture, "lets so many wait for an event") {
    add(0, mood::silent, 256);
    start();
    REQUIRE(begin("Clear1"));
    const auto wait = [this] {
      return ask_later<event_status>(system, aut, await_event{"Clear1", 3s});
    };
    std::vector<decltype(wait())> waiting(64);
    std::generate(waiting.begin(), waiting.end(), wait);
    REQUIRE(wait()->value);
    CHECK(wait()->value->state == event_state::running);
    for (const auto& x : waiting)
      CHECK(x->is_empty());
    answer();
    for (const auto& x : waiting)
      CHECK(x->value->state == event_state::finished);
  }

  TEST_CASE_FIXTURE(executor_fixture, "tells the end of what it forgets") {
    options.limits.max_finished = 0;
    add(0, mood::prompt, 256);
    add(0, mood::silent, 0, "b");
    start();
    const auto run_patiently = [this](const char* id, const char* instance) {
      return begin(
        start_event{id, instance, {.verb = operation::clear}, {}, {}, 3s});
    };
    const auto end = run_patiently("Clear1", "a");
    REQUIRE(end);
    CHECK(end->state == event_state::finished);
    CHECK(end->tokens == 256);
    CHECK(check("Clear1").error() == errc::unknown_event);
    CHECK(run_patiently("Clear2", "b")->state == event_state::running);
    CHECK(run_patiently("Clear3", "c").error() == errc::unknown_instance);
  }

  TEST_CASE_FIXTURE(executor_fixture, "cancels and says what was done") {
    auto& script = add(0, mood::silent, 256);
    add(1, mood::prompt, 512);
    start();
    REQUIRE(begin("Clear1"));
    const auto end = cancel("Clear1");
    REQUIRE(end);
    CHECK(end->state == event_state::cancelled);
    CHECK(end->tokens == 256);
    CHECK(end->ranks[0].state == event_state::cancelled);
    CHECK(end->ranks[1].state == event_state::finished);
    CHECK(script.cancelled == std::vector<std::string>{"Clear1"});
    const auto again = cancel("Clear1");
    CHECK(*again == *end);
  }

  TEST_CASE_FIXTURE(executor_fixture, "cancels those who do not confirm it") {
    add(0, mood::silent);
    start();
    REQUIRE(begin("Clear1"));
    scripts[{"a", 0}].held.clear();
    const auto end = cancel("Clear1");
    REQUIRE(end);
    CHECK(end->state == event_state::cancelled);
    CHECK(end->ranks[0].state == event_state::unknown);
  }

  TEST_CASE_FIXTURE(executor_fixture, "refuses before anything starts") {
    auto& script = add(0, mood::silent);
    start();
    CHECK(describe(begin("Clear1", {.verb = operation::clear}, "b").error()) ==
          "unknown_instance: b");
    CHECK(describe(
            begin("Clear1", {.verb = operation::clear, .where = location::disk})
              .error()) == "unknown_location: LocalDiskBackend of a/0");
    CHECK(begin("Clear1"));
    CHECK(begin("Clear1").error() == errc::invalid_request);
    CHECK(begin(start_event{"Clear2", "a", {.verb = operation::clear}, 2h})
            .error() == errc::invalid_request);
    CHECK(begin("Clear2"));
    CHECK(begin("Clear3"));
    CHECK(describe(begin("Clear4").error()) == "too_busy: 3 events run");
    CHECK(script.orders.size() == 3);
    CHECK(check("Clear4").error() == errc::unknown_event);
    CHECK(cancel("x").error() == errc::unknown_event);
    is_registry_silent = true;
    system.advance(11s);
    CHECK(describe(begin("Clear5").error()) == "timed_out: the registry");
  }

  TEST_CASE_FIXTURE(executor_fixture, "forgets by count and by age") {
    add(0, mood::prompt);
    start();
    for (const auto* id : {"1", "2", "3", "4", "5"})
      REQUIRE(begin(id));
    CHECK(check("1").error() == errc::unknown_event);
    CHECK(check("2"));
    now_ms += 3'600'001;
    CHECK(check("5").error() == errc::unknown_event);
  }

  TEST_CASE_FIXTURE(executor_fixture, "lists the newest first") {
    add(0, mood::prompt);
    add(0, mood::silent, 0, "b");
    start();
    REQUIRE(begin("1"));
    REQUIRE(begin("2", {.verb = operation::clear}, "b"));
    REQUIRE(begin("3", {.verb = operation::pin}));
    const auto list = [this](const list_events& question) {
      return ids(*system.ask<std::vector<event_status>>(aut, question));
    };
    using texts = std::vector<std::string>;
    CHECK(list({9, "", ""}) == texts{"3", "2", "1"});
    CHECK(list({2, "", ""}) == texts{"3", "2"});
    CHECK(list({9, "running", ""}) == texts{"2"});
    CHECK(list({9, "", "clear"}) == texts{"2", "1"});
    CHECK(list({0, "", ""}).empty());
  }

  TEST_CASE_FIXTURE(executor_fixture, "ends the events with itself") {
    auto& script = add(0, mood::silent);
    start();
    REQUIRE(begin("Clear1"));
    bool has_ended = false;
    script.orders[0].observer->attach_functor([&] { has_ended = true; });
    system.kill(aut);
    CHECK(has_ended);
  }

  TEST_CASE_FIXTURE(executor_fixture, "fails an event that broke off") {
    auto& script = add(0, mood::silent);
    start();
    REQUIRE(begin("Clear1"));
    system.kill(script.orders[0].observer);
    const auto end = check("Clear1");
    CHECK(end->state == event_state::failed);
    CHECK(end->ranks[0].state == event_state::unknown);
    CHECK(end->ranks[0].error == "the event broke off");
    REQUIRE(begin("Clear2"));
  }

  TEST_CASE_FIXTURE(executor_fixture, "runs hundreds at once") {
    options.limits.max_running = 200;
    options.limits.max_finished = 200;
    auto& script = add(0, mood::silent, 256);
    start();
    for (int i = 0; i < 200; ++i)
      REQUIRE(begin(std::to_string(i)));
    CHECK(script.orders.size() == 200);
    answer();
    for (int i = 0; i < 200; ++i)
      CHECK(check(std::to_string(i))->state == event_state::finished);
  }
}
