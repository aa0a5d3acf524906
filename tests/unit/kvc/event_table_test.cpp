#include "apps/kvc/event_table.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace kvc;
using json = nlohmann::ordered_json;

namespace {

json chunk_rank(int number, const char* state, json chunks, int done,
                int planned) {
  return {{"instance_id", "a"},
          {"worker_id", number},
          {"status", state},
          {"num_tokens", 1280},
          {"chunks_done", done},
          {"chunks_planned", planned},
          {"chunks", std::move(chunks)},
          {"bytes_before", 1536},
          {"bytes_after", 0}};
}

json clear_event(const char* state, json finished_at, json ranks) {
  return {{"event_id", "Clear1"},
          {"operation", "clear"},
          {"instance_id", "a"},
          {"status", state},
          {"num_tokens", 1280},
          {"started_at", 1700000000.0},
          {"finished_at", std::move(finished_at)},
          {"chunks_done", 8},
          {"chunks_planned", 16},
          {"workers", std::move(ranks)}};
}

}  // namespace

TEST_SUITE("event_table") {
  TEST_CASE("shows what became of the chunks of each rank") {
    const auto event = clear_event(
      "finished", 1700000000.25,
      json::array(
        {chunk_rank(0, "finished", {{"done", 5}, {"pinned", 3}}, 8, 8),
         chunk_rank(10, "finished", json::object(), 0, 0)}));
    CHECK(render_event(event) ==
          "Clear1: clear of a, finished, 1280 tokens, 250 ms\n"
          "RANK  STATE     TOKENS  CHUNKS             BEFORE  AFTER\n"
          "   0  finished    1280  5 done, 3 pinned  1.5 KiB    0 B\n"
          "  10  finished    1280  -                 1.5 KiB    0 B\n");
  }

  TEST_CASE("shows of a move where to and how fast") {
    auto event = clear_event(
      "finished", 1700000000.25,
      json::array({chunk_rank(0, "finished", {{"done", 5}}, 5, 5),
                   chunk_rank(1, "finished", {{"unchanged", 5}}, 5, 5)}));
    event["operation"] = "move";
    event["old_position"] = {"a", "LocalCPUBackend"};
    event["new_position"] = {"b", "LocalCPUBackend"};
    event["workers"][0]["bytes_after"] = 1536;
    event["workers"][0]["gb_per_second"] = 6.789;
    CHECK(render_event(event) ==
          "Clear1: move of a to b, finished, 1280 tokens, 250 ms\n"
          "RANK  STATE     TOKENS  CHUNKS        COPIED  GB/S\n"
          "   0  finished    1280  5 done       1.5 KiB  6.79\n"
          "   1  finished    1280  5 unchanged      0 B     -\n");
    event["new_position"] = {"a", "LocalDiskBackend"};
    CHECK(render_event(event).starts_with(
      "Clear1: move of a (LocalCPUBackend) to a (LocalDiskBackend), "));
  }

  TEST_CASE("shows how many chunks there are where it is not done with all") {
    const auto event = clear_event(
      "running", nullptr,
      json::array({chunk_rank(0, "running", {{"done", 5}}, 5, 8),
                   chunk_rank(1, "running", json::object(), 0, 8)}));
    CHECK(render_event(event) ==
          "Clear1: clear of a, running, 1280 tokens\n"
          "RANK  STATE    TOKENS  CHUNKS        BEFORE  AFTER\n"
          "   0  running    1280  5 done of 8  1.5 KiB    0 B\n"
          "   1  running    1280  0 of 8       1.5 KiB    0 B\n");
  }

  TEST_CASE("shows errors if there are any") {
    auto failed = chunk_rank(1, "failed", json::object(), 0, 0);
    failed["error"] = "no answer\x1b in time";
    const auto event = clear_event(
      "failed", 1700000003.04,
      json::array({chunk_rank(0, "finished", {{"done", 8}}, 8, 8), failed}));
    CHECK(render_event(event) ==
          "Clear1: clear of a, failed, 1280 tokens, 3.0 s\n"
          "RANK  STATE     TOKENS  CHUNKS   BEFORE  AFTER  ERROR\n"
          "   0  finished    1280  8 done  1.5 KiB    0 B\n"
          "   1  failed      1280  -       1.5 KiB    0 B  "
          "no answer\\x1b in time\n");
  }

  TEST_CASE("shows the codes of a health event") {
    const json event{{"event_id", "health1"},
                     {"operation", "health"},
                     {"instance_id", "a"},
                     {"status", "failed"},
                     {"started_at", 1.0},
                     {"finished_at", 6.0},
                     {"workers", json::array({{{"worker_id", 0},
                                               {"status", "failed"},
                                               {"error", "silent"},
                                               {"error_code", -1004}}})}};
    CHECK(render_event(event) ==
          "health1: health of a, failed, 5.0 s\n"
          "RANK  STATE    CODE  ERROR\n"
          "   0  failed  -1004  silent\n");
  }

  TEST_CASE("lists events") {
    const auto events =
      json::array({clear_event("running", nullptr, json::array()),
                   clear_event("cancelled", 1700000060.0, json::array())});
    CHECK(render_events(events) ==
          "EVENT   OPERATION  INSTANCE  STATE      TOKENS   CHUNKS  "
          "STARTED (UTC)          TOOK\n"
          "Clear1  clear      a         running      1280  8 of 16  "
          "2023-11-14 22:13:20       -\n"
          "Clear1  clear      a         cancelled    1280  8 of 16  "
          "2023-11-14 22:13:20  60.0 s\n");
  }

  TEST_CASE("throws at what is no event") {
    CHECK_THROWS_AS(render_event(json::object()), json::exception);
    CHECK_THROWS_AS(render_event(json::array()), json::exception);
    CHECK_THROWS_AS(render_events(json::array({1})), json::exception);
  }
}
