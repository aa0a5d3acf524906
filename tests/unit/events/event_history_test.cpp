#include "actors/events/event_history.hpp"
#include "actors/events/event_ledger.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

event_status event(const std::string& id, event_state state,
                   std::int64_t finished_at_ms = 0) {
  event_status result;
  result.event_id = id;
  result.state = state;
  result.finished_at_ms = finished_at_ms;
  return result;
}

event_ledger ledger_of(std::uint32_t ranks) {
  event_status begun;
  for (std::uint32_t rank = 0; rank < ranks; ++rank)
    begun.ranks.push_back({.rank = rank});
  return event_ledger{begun};
}

command_result result_of(std::uint64_t tokens, bool was_cancelled = false) {
  return {.was_cancelled = was_cancelled, .tally = {.tokens = tokens}};
}

}  // namespace

TEST_SUITE("event_ledger") {
  TEST_CASE("takes the first answer of each rank") {
    auto ledger = ledger_of(2);
    ledger.note_loss(0, rank_code::lost, "gone");
    ledger.note_loss(0, rank_code::silent, "late");
    ledger.note_result(0, result_of(5));
    ledger.note_progress(0, {.planned = 7});
    ledger.note_result(9, result_of(5));
    CHECK_FALSE(ledger.is_over());
    CHECK(ledger.status().ranks[0].error == "gone");
    CHECK(ledger.status().ranks[0].tally.planned == 0);
    ledger.note_result(1, result_of(256));
    CHECK(ledger.is_over());
    CHECK(ledger.end(4).state == event_state::failed);
    CHECK(ledger.status().tokens == 256);
    CHECK(ledger.status().finished_at_ms == 4);
  }

  TEST_CASE("finishes if all had finished before the cancellation") {
    auto ledger = ledger_of(1);
    ledger.request_cancel();
    ledger.note_result(0, result_of(256));
    CHECK(ledger.end(0).state == event_state::finished);
  }

  TEST_CASE("is cancelled if one rank was, or is silent after it") {
    auto ledger = ledger_of(2);
    ledger.note_result(0, result_of(256));
    SUBCASE("was") { ledger.note_result(1, result_of(0, true)); }
    SUBCASE("silent") {
      ledger.request_cancel();
      ledger.lose_rest(rank_code::silent, "");
    }
    CHECK(ledger.end(0).state == event_state::cancelled);
  }

  TEST_CASE("counts tokens as the least of those that answered") {
    auto ledger = ledger_of(3);
    CHECK(ledger.status().tokens == 0);
    ledger.note_result(0, result_of(512));
    CHECK(ledger.status().tokens == 512);
    ledger.note_loss(1, rank_code::lost, "");
    CHECK(ledger.status().tokens == 512);
    ledger.note_result(2, result_of(0));
    CHECK(ledger.status().tokens == 0);
  }

  TEST_CASE("counts what a rank did before it failed in its own words") {
    auto ledger = ledger_of(2);
    ledger.note_result(0, result_of(4'096));
    CHECK(ledger.note_progress(1, {.planned = 16, .tokens = 3'328}));
    CHECK(ledger.status().tokens == 4'096);
    CHECK(ledger.note_refusal(1, "io_failed: 3 chunks not copied"));
    CHECK(ledger.status().tokens == 3'328);
  }

  TEST_CASE("does not count a rank that refused before it began") {
    auto ledger = ledger_of(2);
    ledger.note_result(0, result_of(512));
    ledger.note_refusal(1, "too_busy");
    CHECK(ledger.status().tokens == 512);
    CHECK(ledger.end(1).state == event_state::failed);
  }

  TEST_CASE("waits for the silent, not for the lost") {
    auto ledger = ledger_of(2);
    ledger.lose_rest(rank_code::silent, "no answer in time");
    CHECK(ledger.is_over());
    CHECK(ledger.is_awaiting());
    CHECK(ledger.status().ranks[0].state == event_state::unknown);
    CHECK(ledger.end(4).state == event_state::failed);
    CHECK(ledger.note_loss(0, rank_code::lost, "gone"));
    CHECK_FALSE(ledger.note_result(0, result_of(1)));
    CHECK(ledger.is_awaiting());
    CHECK(ledger.note_result(1, result_of(256)));
    CHECK_FALSE(ledger.is_awaiting());
    CHECK(ledger.status().tokens == 256);
    CHECK(ledger.end(9).state == event_state::failed);
    CHECK(ledger.status().finished_at_ms == 4);
    CHECK(ledger.status().corrected_at_ms == 9);
  }
}

TEST_SUITE("event_history") {
  TEST_CASE("counts what runs") {
    event_history history{{.max_running = 2}};
    history.begin(event("1", event_state::running));
    CHECK(history.has_room());
    history.begin(event("2", event_state::running));
    CHECK_FALSE(history.has_room());
    CHECK_FALSE(history.update(event("1", event_state::running)));
    CHECK(history.update(event("1", event_state::failed)));
    CHECK(history.has_room());
    CHECK_FALSE(history.update(event("1", event_state::finished)));
    CHECK(history.find("1", 0)->state == event_state::failed);
    CHECK_FALSE(history.update(event("3", event_state::finished)));
    CHECK(history.find("3", 0) == nullptr);
  }

  TEST_CASE("takes what corrects an end") {
    event_history history{{}};
    history.begin(event("1", event_state::running));
    CHECK(history.update(event("1", event_state::failed, 4)));
    auto corrected = event("1", event_state::finished, 4);
    corrected.corrected_at_ms = 5;
    CHECK_FALSE(history.update(corrected));
    CHECK(*history.find("1", 0) == corrected);
  }

  TEST_CASE("keeps what has finished last") {
    event_history history{{.max_finished = 2}};
    for (const auto* id : {"1", "2", "3"})
      history.begin(event(id, event_state::running));
    for (const auto* id : {"3", "1", "2"})
      history.update(event(id, event_state::finished));
    CHECK(history.find("3", 0) == nullptr);
    CHECK(history.find("1", 0) != nullptr);
    CHECK(history.size() == 2);
  }

  TEST_CASE("does not grow with the events that were") {
    event_history history{{.max_finished = 10}};
    for (int i = 0; i < 1'000; ++i) {
      history.begin(event(std::to_string(i), event_state::running));
      history.update(event(std::to_string(i), event_state::finished));
    }
    CHECK(history.size() == 10);
  }

  TEST_CASE("forgets by age, but nothing that runs") {
    event_history history{{.max_finished_age = std::chrono::milliseconds{100}}};
    history.begin(event("1", event_state::running));
    history.begin(event("2", event_state::running));
    history.update(event("2", event_state::finished, 50));
    CHECK(history.find("2", 150) != nullptr);
    CHECK(history.find("2", 151) == nullptr);
    CHECK(history.find("1", 1'000) != nullptr);
    CHECK_FALSE(history.knows("2"));
  }
}
