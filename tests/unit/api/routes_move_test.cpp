#include "tests/unit/api/routes_fixture.hpp"

#include <nlohmann/json.hpp>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

command_tally tally(std::uint64_t done) {
  command_tally result{.planned = 9,
                       .tokens = 8,
                       .bytes_before = 6'000'000,
                       .bytes_after = 6'000'000,
                       .elapsed_us = 2'000};
  result.chunks[static_cast<std::size_t>(chunk_outcome::done)] = done;
  return result;
}

struct move_fixture : routes_fixture {
  move_fixture() {
    executor.end = {
      .verb = operation::move,
      .instance = "a",
      .state = event_state::finished,
      .tokens = 8,
      .ranks = {{.rank = 0, .state = event_state::finished, .tally = tally(2)}},
      .destination = "b",
      .from = location::cpu,
      .to = location::disk};
  }

  /// Moves from a's memory to b's memory, and more that is in the body.
  json move(const std::string& more = "", unsigned status = 200) {
    return post("/move",
                R"({"old_position":["a","LocalCPUBackend"],)"
                R"("new_position":["b","LocalCPUBackend"])" +
                  more + "}",
                status);
  }

  const start_event& asked() const { return executor.started.back(); }

  json place(std::string_view body) {
    return post("/move", body, 422)["detail"][0]["loc"][1];
  }

  void count(chunk_outcome outcome, std::uint64_t chunks) {
    executor.end.ranks[0].tally.chunks[static_cast<std::size_t>(outcome)] =
      chunks;
  }
};

}  // namespace

TEST_SUITE("move route") {
  TEST_CASE_FIXTURE(move_fixture, "begins a move") {
    check_event_id(move(R"(,"tokens":[1,2,3,4,5])"), "Move");
    CHECK(asked().what.verb == operation::move);
    CHECK(asked().instance == "a");
    CHECK(asked().destination == "b");
    CHECK(asked().what.where == location::cpu);
    CHECK(asked().what.to == location::cpu);
    CHECK_FALSE(asked().what.is_copy);
    CHECK_FALSE(asked().what.is_for_all);
    CHECK(asked().what.hashes.keys == std::vector<std::uint64_t>{1, 5});
    CHECK(asked().timeout == 0s);
    CHECK(asked().patience == 9s);
    post("/move", R"({"old_position":["a","LocalDiskBackend"],)"
                  R"("new_position":["a","LocalCPUBackend"]})");
    CHECK(asked().what.where == location::disk);
    CHECK(asked().what.to == location::cpu);
    CHECK(asked().destination == "a");
    CHECK(asked().what.is_for_all);
  }

  TEST_CASE_FIXTURE(move_fixture, "copies by either name") {
    move(R"(,"should_copy":true)");
    CHECK(asked().what.is_copy);
    move(R"(,"copy":true)");
    CHECK(asked().what.is_copy);
    move(R"(,"copy":true,"should_copy":false)");
    CHECK_FALSE(asked().what.is_copy);
  }

  TEST_CASE_FIXTURE(move_fixture, "takes no tokens for none") {
    move(R"(,"tokens":[])");
    CHECK_FALSE(asked().what.is_for_all);
    CHECK(asked().what.hashes.keys.empty());
    move(R"(,"tokens":null)");
    CHECK(asked().what.is_for_all);
  }

  TEST_CASE_FIXTURE(move_fixture, "does not wait if told so") {
    executor.end.state = event_state::running;
    const auto body = move(R"(,"wait":false,"timeout_seconds":30)", 202);
    CHECK(body["status"] == "running");
    CHECK(asked().timeout == 30s);
    CHECK(asked().patience == 0s);
  }

  TEST_CASE_FIXTURE(move_fixture, "tells how fast it was, and where to") {
    auto body = move();
    CHECK(body["num_tokens"] == 8);
    CHECK(body["workers"][0]["instance_id"] == "b");
    CHECK(body["workers"][0]["gb_per_second"] == 3.0);
    CHECK(body["workers"][0]["bytes_after"] == 6'000'000);
    CHECK_FALSE(body.contains("message"));
    body = post("/check_finish", R"({"event_id":"Move1"})");
    CHECK(body["operation"] == "move");
    CHECK(body["instance_id"] == "a");
    CHECK(body["old_position"] == json::array({"a", "LocalCPUBackend"}));
    CHECK(body["new_position"] == json::array({"b", "LocalDiskBackend"}));
    executor.end.ranks[0].tally.elapsed_us = 0;
    CHECK_FALSE(move()["workers"][0].contains("gb_per_second"));
    executor.end.verb = operation::clear;
    body = post("/check_finish", R"({"event_id":"Move1"})");
    CHECK_FALSE(body.contains("old_position"));
    CHECK_FALSE(body.contains("new_position"));
  }

  TEST_CASE_FIXTURE(move_fixture, "remarks on what it left") {
    count(chunk_outcome::unchanged, 1);
    count(chunk_outcome::absent, 7);
    count(chunk_outcome::pinned, 2);
    count(chunk_outcome::in_use, 3);
    CHECK(move()["message"] ==
          "1 chunks were there already; 2 chunks copied, but pinned at the "
          "source; 3 chunks copied, but in use at the source");
    executor.end.ranks[0].tally = tally(1);
    count(chunk_outcome::no_room, 4);
    count(chunk_outcome::unsuitable, 5);
    count(chunk_outcome::failed, 6);
    CHECK(move()["message"] ==
          "4 chunks left at the source for want of room; 5 chunks not of the "
          "destination's format; 6 chunks not copied");
  }

  TEST_CASE_FIXTURE(move_fixture, "refuses before anything starts") {
    CHECK(place(R"({"new_position":["b","LocalCPUBackend"]})") ==
          "old_position");
    CHECK(place(R"({"old_position":["b","LocalCPUBackend"]})") ==
          "new_position");
    for (const auto* wrong : {R"("a")", R"(["a"])", R"(["a",1])",
                              R"(["a","LocalCPUBackend","x"])", "{}", "null"})
      CHECK(place(R"({"old_position":["a","LocalCPUBackend"],)"
                  R"("new_position":)" +
                  std::string{wrong} + "}") == "new_position");
    CHECK(move(R"(,"tokens":["x"])", 422)["detail"][0]["loc"][1] == "tokens");
    CHECK(move(R"(,"copy":"maybe")", 422)["detail"][0]["loc"][1] == "copy");
    CHECK(move(R"(,"timeout_seconds":60.1)", 422)["detail"][0]["loc"][1] ==
          "timeout_seconds");
    CHECK(post("/move",
               R"({"old_position":["a","LocalCPUBackend"],)"
               R"("new_position":["b","Tape"]})",
               404) == json{{"detail", "unknown_location: Tape"}});
    CHECK(executor.started.empty());
  }

  TEST_CASE_FIXTURE(move_fixture, "passes on why nothing started") {
    executor.refusal = caf::make_error(errc::shapes_differ, "ranks");
    CHECK(move("", 409) == json{{"detail", "shapes_differ: ranks"}});
    executor.refusal = caf::make_error(errc::p2p_disabled, "a/0");
    CHECK(move("", 409) == json{{"detail", "p2p_disabled: a/0"}});
    executor.refusal = caf::make_error(errc::invalid_request, "same");
    CHECK(move("", 422)["detail"] == "invalid_request: same");
    executor.refusal = caf::make_error(errc::not_ready, "a/1");
    move("", 503);
  }
}
