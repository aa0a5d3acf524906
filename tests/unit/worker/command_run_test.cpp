#include "messages/errors.hpp"
#include "tests/unit/worker/worker_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

using outcome = chunk_outcome;

/// Whether an event lets commands begin, and what it heard.
struct observer_script {
  std::vector<command_progress> heard;
  std::vector<start_permit> permits;  ///< The next ones, but for the last.
  caf::error refusal;                 ///< If set.
  bool is_silent = false;
  int questions = 0;
};

progress_sink_actor::behavior_type observer(progress_sink_actor::pointer self,
                                            observer_script* script) {
  return {[=](const command_progress& msg) { script->heard.push_back(msg); },
          [=](const permit_start&) -> caf::result<start_permit> {
            ++script->questions;
            if (script->is_silent)
              return self->make_response_promise<start_permit>();
            if (script->refusal)
              return script->refusal;
            auto& permits = script->permits;
            const auto next = permits.front();
            if (permits.size() > 1)
              permits.erase(permits.begin());
            return next;
          }};
}

/// A registered worker whose pool works only when told to.
struct command_fixture : worker_fixture {
  observer_script script;
  std::vector<command_progress>& heard = script.heard;
  progress_sink_actor event = system.spawn(observer, &script);
  caf::scoped_actor asker{event->home_system(), true};
  std::optional<command_result> result;
  caf::error failure;

  command_fixture() {
    script.permits = {{.not_after = controller.clock_lead + 1h}};
    start();
  }

  /// Does what is submitted, at most so many pieces.
  void work(std::size_t pieces = SIZE_MAX) {
    for (; pieces > 0 && !jobs.empty(); --pieces) {
      const auto job = std::move(jobs.front());
      jobs.pop_front();
      job();
      system.run();
    }
  }

  /// Sends a command, which has `timeout` seconds.
  auto order(command what, std::int64_t timeout = 10,
             const std::string& event_id = "Clear1") {
    auto answer = asker->request(aut, 1min,
                                 run_command{event_id,
                                             here.id(),
                                             std::move(what),
                                             std::chrono::seconds{timeout},
                                             event,
                                             {},
                                             terms(1min)});
    system.run();
    return answer;
  }

  /// Takes the answer, if it has come. Returns whether it has.
  template <class Answer>
  bool has(Answer& answer) {
    system.run();
    if (asker->mailbox().empty())
      return false;
    answer.receive([this](const command_result& x) { result = x; },
                   [this](const caf::error& x) { failure = x; });
    return true;
  }
};

command clear_all() { return {.verb = operation::clear, .is_for_all = true}; }

}  // namespace

TEST_SUITE("commands of a worker") {
  TEST_CASE_FIXTURE(command_fixture, "health is what the check says") {
    chunks.trouble = "torn";
    auto answer = order({});
    CHECK_FALSE(has(answer));
    work();
    REQUIRE(has(answer));
    REQUIRE(result);
    CHECK(result->code == -1);
    CHECK(result->detail == "torn");
  }

  TEST_CASE_FIXTURE(command_fixture, "health may fail") {
    fake_chunk_store disk;
    disk.trouble = "disk";
    here.stores[1] = &disk;
    auto answer = order({});
    work();
    REQUIRE(has(answer));
    CHECK(describe(failure) == "io_failed: disk");
  }

  TEST_CASE_FIXTURE(command_fixture, "end when the index knows") {
    chunks.fill(1, 300);
    sinks[0].is_silent = true;
    auto answer = order(clear_all());
    work(2);
    CHECK(chunks.chunks.empty());
    store.admit(5);  // A change that is to be reported first.
    store.evict(5);
    work();
    CHECK_FALSE(has(answer));
    sinks[0].answer_all(system);
    REQUIRE(has(answer));
    REQUIRE(result);
    CHECK_FALSE(result->was_cancelled);
    CHECK(result->tally.of(outcome::done) == 300);
  }

  TEST_CASE_FIXTURE(command_fixture, "tell their progress every 100 ms") {
    chunks.fill(1, 1'000);
    auto answer = order(clear_all());
    REQUIRE(heard.size() == 1);
    CHECK(heard[0].id == here.id());
    CHECK(heard[0].tally.planned == 1'000);
    CHECK(heard[0].tally.finished() == 0);
    work(1);
    CHECK(heard.size() == 1);
    advance(100);
    work(1);
    REQUIRE(heard.size() == 2);
    CHECK(heard[1].tally.finished() == 512);
    work();
    CHECK(has(answer));
    CHECK(heard.size() == 2);
  }

  TEST_CASE_FIXTURE(command_fixture, "are cancelled between two steps") {
    chunks.fill(1, 1'000);
    auto answer = order(clear_all());
    work(1);
    send(cancel_command{"Clear2"});
    work(1);
    send(cancel_command{"Clear1"});
    CHECK_FALSE(has(answer));
    work();
    REQUIRE(has(answer));
    REQUIRE(result);
    CHECK(result->was_cancelled);
    CHECK(result->tally.of(outcome::done) == 768);
    CHECK(result->tally.planned == 1'000);
    CHECK(chunks.chunks.size() == 232);
  }

  TEST_CASE_FIXTURE(command_fixture, "give up in time") {
    chunks.fill(1, 300);
    auto answer = order(clear_all(), 3);
    work(1);
    advance(2'999);
    CHECK_FALSE(has(answer));
    advance(1);
    CHECK_FALSE(has(answer));  // A step is under way.
    work(1);
    REQUIRE(has(answer));
    CHECK(describe(failure) == "timed_out: 300 of 300 chunks done");
    CHECK(heard.back().tally.of(outcome::done) == 300);
    CHECK(jobs.empty());
  }

  TEST_CASE_FIXTURE(command_fixture, "take no step after their time") {
    chunks.fill(1, 600);
    auto answer = order(clear_all(), 3);
    // This process was stopped, and its timer has not fired yet.
    here.boot_clock = [this] { return system.boot_clock() + 3s; };
    work(1);
    REQUIRE(has(answer));
    CHECK(describe(failure) == "timed_out: 256 of 600 chunks done");
    CHECK(chunks.chunks.size() == 344);
    CHECK(jobs.empty());
  }

  TEST_CASE_FIXTURE(command_fixture, "give up when their terms say so") {
    chunks.fill(1, 300);
    send(run_command{
      "Clear1", here.id(), clear_all(), 10s, event, {}, terms(2'000ms)});
    advance(2'000);
    work();
    CHECK(chunks.chunks.size() == 44);
  }

  TEST_CASE_FIXTURE(command_fixture, "begin nothing without leave") {
    script.is_silent = true;
    chunks.fill(1, 3);
    auto answer = order(clear_all());
    CHECK(jobs.empty());
    system.kill(event);  // With its controller, say.
    REQUIRE(has(answer));
    CHECK(failure == errc::connection_lost);
    CHECK(jobs.empty());
    CHECK(chunks.chunks.size() == 3);
  }

  TEST_CASE_FIXTURE(command_fixture, "begin nothing once they are cancelled") {
    script.permits = {{.is_cancelled = true}};
    chunks.fill(1, 3);
    auto answer = order(clear_all());
    REQUIRE(has(answer));
    REQUIRE(result);
    CHECK(result->was_cancelled);
    CHECK(result->tally.finished() == 0);
    CHECK(chunks.chunks.size() == 3);
  }

  TEST_CASE_FIXTURE(command_fixture, "begin nothing when their event is over") {
    script.refusal = caf::make_error(errc::too_late, "nothing was begun");
    chunks.fill(1, 3);
    auto answer = order(clear_all());
    REQUIRE(has(answer));
    CHECK(describe(failure) == "too_late: nothing was begun");
    CHECK(heard.empty());
    CHECK(chunks.chunks.size() == 3);
  }

  TEST_CASE_FIXTURE(command_fixture, "ask again if the leave comes late") {
    script.permits.insert(script.permits.begin(),
                          {.not_after = controller.clock_lead});
    auto answer = order(clear_all());
    CHECK(script.questions == 2);
    work();
    CHECK(has(answer));
  }

  TEST_CASE_FIXTURE(command_fixture, "give up on a silent index") {
    sinks[0].is_silent = true;
    chunks.fill(1, 3);
    auto answer = order(clear_all(), 3);
    store.admit(5);
    work();
    advance(3'000);
    REQUIRE(has(answer));
    CHECK(describe(failure) ==
          "timed_out: 3 of 3 chunks done, the index not told");
  }

  TEST_CASE_FIXTURE(command_fixture, "end with their observer") {
    chunks.fill(1, 300);
    auto answer = order(clear_all());
    system.kill(event);
    REQUIRE(has(answer));
    CHECK(failure == errc::connection_lost);
    work();
    CHECK(chunks.chunks.size() == 44);
  }

  TEST_CASE_FIXTURE(command_fixture, "survive a step that throws") {
    chunks.fill(1, 3);
    chunks.after_call = [] { throw std::runtime_error{"bug"}; };
    auto answer = order(clear_all());
    work();
    REQUIRE(has(answer));
    CHECK(describe(failure) == "io_failed: bug");
    CHECK_FALSE(end);
  }

  TEST_CASE_FIXTURE(command_fixture, "run side by side") {
    chunks.fill(1, 600);
    auto slow = order(clear_all());
    auto quick = order({.verb = operation::pin, .hashes = {{600}}}, 10, "Pin1");
    work(4);
    CHECK(chunks.chunks[600].is_pinned);
    CHECK(has(quick));
    REQUIRE(result);
    CHECK(result->tally.tokens == 256);
    work();
    CHECK(has(slow));
    CHECK(result->tally.of(outcome::pinned) == 1);
  }

  TEST_CASE_FIXTURE(command_fixture, "are refused with the reason") {
    const auto why = [&](run_command order) {
      const auto answer = system.ask<command_result>(aut, std::move(order));
      return answer ? "accepted" : describe(answer.error());
    };
    run_command good{"Clear1", here.id(), clear_all(), 1s,
                     event,    {},        terms(1s)};
    auto bad = good;
    bad.id.rank = 1;
    CHECK(why(bad) == "unknown_worker: vllm-0/1, this is vllm-0/2");
    bad = good;
    bad.timeout = 0s;
    CHECK(why(bad) == "invalid_request: a command without a time");
    bad = good;
    bad.terms.epoch = 6;
    CHECK(why(bad) == "stale_epoch: vllm-0/2");
    bad = good;
    bad.terms.controller_id = 8;
    CHECK(why(bad) == "stale_epoch: vllm-0/2");
    bad = good;
    bad.terms = terms(0ms);
    CHECK(why(bad) == "too_late: nothing was begun");
    bad = good;
    bad.what.where = location::disk;
    CHECK(why(bad) == "unknown_location: LocalDiskBackend");
    bad = good;
    bad.what.verb = operation::compress;
    bad.what.method = "gzip";
    CHECK(why(bad) == "invalid_request: unknown method: gzip");
    CHECK(jobs.empty());
    auto running = order(clear_all());
    CHECK(why(good) == "invalid_request: runs already: Clear1");
    work();
    CHECK(has(running));
    auto again = order(clear_all());
    work();
    CHECK(has(again));
  }

  TEST_CASE_FIXTURE(command_fixture, "are refused without a registration") {
    network.link = nullptr;
    system.kill(link);
    auto answer = order(clear_all());
    REQUIRE(has(answer));
    CHECK(describe(failure) == "not_ready: vllm-0/2");
  }

  TEST_CASE_FIXTURE(command_fixture, "are late by the clock renewals tell") {
    const auto early = terms(5s);
    controller.clock_lead += 10s;
    advance(1'000);
    REQUIRE(controller.renewals.size() == 1);
    const auto why = [&](const order_terms& terms) {
      send(run_command{"Clear1", here.id(), clear_all(), 1s, event, {}, terms});
      return script.questions;
    };
    CHECK(why(early) == 0);
    CHECK(why(terms(5s)) == 1);
  }

  TEST_CASE_FIXTURE(command_fixture, "are limited in number") {
    for (std::size_t i = 0; i < command_desk::max_commands; ++i)
      send(run_command{
        std::to_string(i), here.id(), clear_all(), 10s, event, {}, terms(10s)});
    auto answer = order(clear_all());
    REQUIRE(has(answer));
    CHECK(failure == errc::too_busy);
    work();
    auto next = order(clear_all());
    work();
    CHECK(has(next));
    CHECK(result);
  }

  TEST_CASE_FIXTURE(command_fixture, "end with their worker") {
    auto answer = order(clear_all());
    send(leave{});
    CHECK(end);
    REQUIRE(has(answer));
    CHECK(failure == errc::connection_lost);
  }
}
