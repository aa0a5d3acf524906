#include "messages/dialer.hpp"
#include "messages/executor.hpp"
#include "tests/unit/messages/round_trip.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

command_tally some_tally() {
  command_tally tally{.planned = 1,
                      .tokens = 2,
                      .bytes_before = 3,
                      .bytes_after = 4,
                      .elapsed_us = 5};
  for (std::size_t i = 0; i < chunk_outcome_count; ++i)
    tally.chunks[i] = 10 + i;
  return tally;
}

event_status some_status() {
  return {
    .event_id = "Clear1",
    .verb = operation::clear,
    .instance = "a",
    .state = event_state::failed,
    .tokens = 256,
    .started_at_ms = 5,
    .finished_at_ms = 6,
    .corrected_at_ms = 7,
    .ranks = {{3, event_state::failed, rank_code::silent, "why", some_tally()}},
    .destination = "b",
    .from = location::disk,
    .to = location::disk};
}

}  // namespace

TEST_SUITE("control messages") {
  TEST_CASE_FIXTURE(message_system, "carry commands") {
    const command pin{.verb = operation::pin,
                      .where = location::disk,
                      .is_for_all = true,
                      .hashes = {{1, 2}},
                      .method = "zstd",
                      .pin_ttl = 5s};
    const order_terms terms{11, 12, 13us};
    const auto sent =
      send(run_command{"Pin1", {"a", 1}, pin, 7s, {}, {}, terms});
    CHECK(sent.event_id == "Pin1");
    CHECK(sent.id == worker_id{"a", 1});
    CHECK(sent.what.verb == operation::pin);
    CHECK(sent.what.where == location::disk);
    CHECK(sent.what.is_for_all);
    CHECK(sent.what.hashes == key_block{{1, 2}});
    CHECK(sent.what.method == "zstd");
    CHECK(sent.what.pin_ttl == 5s);
    CHECK(sent.timeout == 7s);
    CHECK(sent.terms == terms);
    CHECK(send(permit_start{{"a", 1}}).id == worker_id{"a", 1});
    const auto permit = send(start_permit{true, 14us});
    CHECK(permit.is_cancelled);
    CHECK(permit.not_after == 14us);
    CHECK(send(cancel_command{"Pin1"}).event_id == "Pin1");
    send(dial{});
  }

  TEST_CASE_FIXTURE(message_system, "carry results and progress") {
    const auto result = send(command_result{-1, "memory", true, some_tally()});
    CHECK(result.code == -1);
    CHECK(result.detail == "memory");
    CHECK(result.was_cancelled);
    CHECK(result.tally == some_tally());
    const auto progress = send(command_progress{{"a", 1}, some_tally()});
    CHECK(progress.id == worker_id{"a", 1});
    CHECK(progress.tally == some_tally());
  }

  TEST_CASE_FIXTURE(message_system, "carry events") {
    CHECK(send(some_status()) == some_status());
    const auto start =
      send(start_event{"Clear1", "a", {.verb = operation::clear}, 3s, "b", 4s});
    CHECK(start.destination == "b");
    CHECK(start.event_id == "Clear1");
    CHECK(start.instance == "a");
    CHECK(start.what.verb == operation::clear);
    CHECK(start.timeout == 3s);
    CHECK(start.patience == 4s);
    const auto question = send(await_event{"Clear1", 2s});
    CHECK(question.event_id == "Clear1");
    CHECK(question.patience == 2s);
    CHECK(send(cancel_event{"Clear1"}).event_id == "Clear1");
    const auto list = send(list_events{5, "running", "pin"});
    CHECK(list.limit == 5);
    CHECK(list.state == "running");
    CHECK(list.operation == "pin");
    CHECK(send(list_events{}).state.empty());
    const std::vector<event_status> events{some_status(), some_status()};
    CHECK(send(events) == events);
  }

  TEST_CASE("a tally counts what is finished, however it ended") {
    CHECK(command_tally{}.finished() == 0);
    CHECK(some_tally().finished() ==
          10 + 11 + 12 + 13 + 14 + 15 + 16 + 17 + 18);
    CHECK(some_tally().of(chunk_outcome::done) == 10);
    CHECK(some_tally().of(chunk_outcome::failed) == 18);
  }

  TEST_CASE("a rank has answered with a result or with what it did") {
    const auto has_answered = [](event_state state, std::int32_t code,
                                 const command_tally& tally) {
      return rank_status{0, state, code, "", tally}.has_answered();
    };
    CHECK(has_answered(event_state::finished, 0, {}));
    CHECK(has_answered(event_state::cancelled, 0, {}));
    CHECK(has_answered(event_state::failed, rank_code::refused, some_tally()));
    CHECK_FALSE(has_answered(event_state::failed, rank_code::refused, {}));
    CHECK_FALSE(has_answered(event_state::failed, rank_code::lost, {}));
    CHECK_FALSE(
      has_answered(event_state::unknown, rank_code::silent, some_tally()));
    CHECK_FALSE(has_answered(event_state::running, 0, some_tally()));
  }

  TEST_CASE("operations have traits, but for a newer peer's") {
    CHECK(operations.back() == operation::move);
    for (const auto verb : operations)
      CHECK(is_known(verb));
    CHECK_FALSE(is_known(static_cast<operation>(operation_count)));
    CHECK_FALSE(is_known(static_cast<operation>(255)));
    CHECK(traits_of(operation::unpin).tokens == presence::required);
    CHECK(traits_of(operation::move).about == subject::positions);
  }

  TEST_CASE("enumerators have names in both directions") {
    CHECK(to_string(operation::decompress) == "decompress");
    CHECK(to_string(static_cast<operation>(99)) == "operation_99");
    for (const auto* name : {"health", "clear", "pin", "unpin", "compress",
                             "decompress", "move"}) {
      REQUIRE(operation_named(name));
      CHECK(to_string(*operation_named(name)) == name);
    }
    CHECK_FALSE(operation_named("explode"));
    CHECK_FALSE(operation_named(""));
    for (const auto* name :
         {"running", "finished", "failed", "cancelled", "unknown"}) {
      REQUIRE(event_state_named(name));
      CHECK(to_string(*event_state_named(name)) == name);
    }
    CHECK_FALSE(event_state_named(""));
    CHECK(to_string(chunk_outcome::done) == "done");
    CHECK(to_string(chunk_outcome::failed) == "failed");
    CHECK(to_string(static_cast<chunk_outcome>(9)) == "outcome_9");
  }
}
