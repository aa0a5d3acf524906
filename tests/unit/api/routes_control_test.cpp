#include "tests/unit/api/routes_fixture.hpp"

#include <nlohmann/json.hpp>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

command_tally tally(std::uint64_t tokens, std::uint64_t done) {
  command_tally result{
    .planned = 9, .tokens = tokens, .bytes_before = 40, .bytes_after = 20};
  result.chunks[static_cast<std::size_t>(chunk_outcome::done)] = done;
  return result;
}

struct control_fixture : routes_fixture {
  control_fixture() {
    executor.end = {
      .verb = operation::clear,
      .instance = "a",
      .state = event_state::finished,
      .tokens = 8,
      .started_at_ms = 1'500,
      .finished_at_ms = 2'250,
      .ranks = {
        {.rank = 0, .state = event_state::finished, .tally = tally(8, 2)},
        {.rank = 1, .state = event_state::finished, .tally = tally(8, 2)}}};
  }

  rank_status& rank(std::size_t index) { return executor.end.ranks[index]; }

  void fail(std::size_t index, std::int32_t code, const char* error) {
    executor.end.state = event_state::failed;
    rank(index) = {
      static_cast<std::uint32_t>(index), event_state::failed, code, error, {}};
  }

  void count(chunk_outcome outcome, std::uint64_t chunks) {
    rank(1).tally.chunks[static_cast<std::size_t>(outcome)] = chunks;
  }

  json clear(unsigned status = 200) {
    return post("/clear",
                R"({"instance_id":"a","location":)"
                R"("LocalCPUBackend"})",
                status);
  }

  /// Returns the place of the first complaint about this body.
  json place(std::string_view path, std::string_view body) {
    return post(path, body, 422)["detail"][0]["loc"];
  }
};

}  // namespace

TEST_SUITE("control routes") {
  TEST_CASE_FIXTURE(control_fixture, "begin what they are for") {
    const auto rest = R"("instance_id":"a","location":"LocalDiskBackend",)"
                      R"("tokens":[1,2,3,4,5],"method":"lz4"})";
    const std::array<std::pair<const char*, const char*>, 5> routes{{
      {"/clear", "Clear"},
      {"/pin", "Pin"},
      {"/unpin", "Unpin"},
      {"/compress", "Compress"},
      {"/decompress", "Decompress"},
    }};
    for (const auto& [path, prefix] : routes) {
      check_event_id(post(path, std::string{"{"} + rest), prefix);
      const auto& asked = executor.started.back();
      CHECK('/' + to_string(asked.what.verb) == path);
      CHECK(asked.instance == "a");
      CHECK(asked.what.where == location::disk);
      CHECK_FALSE(asked.what.is_for_all);
      CHECK(asked.what.hashes.keys == std::vector<std::uint64_t>{1, 5});
      CHECK(asked.timeout == 0s);
      CHECK(asked.patience == 9s);
    }
    CHECK(executor.started[3].what.method == "lz4");
  }

  TEST_CASE_FIXTURE(control_fixture, "take all chunks without tokens") {
    clear();
    CHECK(executor.started.back().what.is_for_all);
    post("/compress", R"({"instance_id":"a","location":"LocalCPUBackend",)"
                      R"("method":"zstd","tokens":null})");
    CHECK(executor.started.back().what.is_for_all);
    post("/clear", R"({"instance_id":"a","location":"LocalCPUBackend",)"
                   R"("tokens":[]})");
    CHECK_FALSE(executor.started.back().what.is_for_all);
    CHECK(executor.started.back().what.hashes.keys.empty());
  }

  TEST_CASE_FIXTURE(control_fixture,
                    "refuse more chunks than a message takes") {
    hasher.size = 1;
    std::string tokens;
    for (std::uint32_t i = 1; i < key_block::max_keys; ++i)
      tokens += "1,";
    const auto body = [&](const char* last) {
      return R"({"instance_id":"a","location":"LocalCPUBackend","tokens":[)" +
             tokens + last + "]}";
    };
    post("/pin", body("1"));
    CHECK(executor.started.back().what.hashes.keys.size() ==
          key_block::max_keys);
    CHECK(place("/pin", body("1,1")) == json{"body", "tokens"});
    CHECK(executor.started.size() == 1);
  }

  TEST_CASE_FIXTURE(control_fixture, "read times and whether to wait") {
    executor.end.state = event_state::running;
    const auto body =
      post("/pin",
           R"({"instance_id":"a","location":"LocalCPUBackend","tokens":[1],)"
           R"("ttl_seconds":1.5,"timeout_seconds":60,"wait":false})",
           202);
    CHECK(body["status"] == "running");
    check_event_id(body, "Pin");
    CHECK(executor.started.back().what.pin_ttl == 1500ms);
    CHECK(executor.started.back().timeout == 60s);
    CHECK(executor.started.back().patience == 0s);
  }

  TEST_CASE_FIXTURE(control_fixture, "read numbers in LMCache's forms") {
    post("/pin",
         R"({"instance_id":"a","location":"LocalCPUBackend",)"
         R"("tokens":["1",2.0],"ttl_seconds":"3","timeout_seconds":" 5.0 ",)"
         R"("wait":"yes"})");
    CHECK(executor.started.back().what.pin_ttl == 3s);
    CHECK(executor.started.back().timeout == 5s);
    CHECK(executor.started.back().patience == 9s);
    post("/pin",
         R"({"instance_id":"a","location":"LocalCPUBackend","tokens":[1],)"
         R"("ttl_seconds":null,"timeout_seconds":null,"wait":null})");
    CHECK(executor.started.back().timeout == 0s);
    CHECK(executor.started.back().patience == 9s);
  }

  TEST_CASE_FIXTURE(control_fixture, "answer 202 when it takes too long") {
    executor.end.state = event_state::running;
    CHECK(clear(202)["status"] == "running");
    CHECK(executor.started.back().patience == 9s);
  }

  TEST_CASE_FIXTURE(control_fixture, "tell what each rank did") {
    const auto body = clear();
    CHECK(body["num_tokens"] == 8);
    CHECK_FALSE(body.contains("message"));
    CHECK_FALSE(body.contains("ranks_disagree"));
    REQUIRE(body["workers"].size() == 2);
    CHECK(body["workers"][1] == json{{"instance_id", "a"},
                                     {"worker_id", 1},
                                     {"status", "finished"},
                                     {"num_tokens", 8},
                                     {"chunks_done", 2},
                                     {"chunks_planned", 9},
                                     {"chunks", {{"done", 2}}},
                                     {"bytes_before", 40},
                                     {"bytes_after", 20}});
  }

  TEST_CASE_FIXTURE(control_fixture, "remark on what was skipped") {
    count(chunk_outcome::pinned, 3);
    count(chunk_outcome::in_use, 1);
    rank(1).tally.tokens = 12;
    const auto body = clear();
    CHECK(body["message"] ==
          "3 chunks pinned, skipped; 1 chunks in use, skipped");
    CHECK(body["ranks_disagree"] == true);
    const auto later = post("/check_finish", R"({"event_id":"Clear1"})");
    CHECK(later["message"] == body["message"]);
    CHECK(later["ranks_disagree"] == true);
    executor.end.verb = operation::compress;
    count(chunk_outcome::pinned, 0);
    count(chunk_outcome::in_use, 0);
    count(chunk_outcome::unchanged, 2);
    CHECK(clear()["message"] == "2 chunks already compressed so");
  }

  TEST_CASE_FIXTURE(control_fixture, "never hide a loss in a 200") {
    fail(1, rank_code::lost, "gone");
    auto body = clear(502);
    CHECK(body["num_tokens"] == 8);
    CHECK(body["status"] == "failed");
    CHECK(body["detail"][0]["status"] == "finished");
    CHECK(body["detail"][1]["error"] == "gone");
    CHECK(body["detail"][1]["worker_id"] == 1);
    check_event_id(body, "Clear");
    fail(0, rank_code::silent, "no answer in time");
    clear(502);
    fail(1, rank_code::silent, "no answer in time");
    clear(504);
    executor.end.state = event_state::cancelled;
    CHECK(clear(409)["status"] == "cancelled");
  }

  TEST_CASE_FIXTURE(control_fixture, "report the health of each rank") {
    executor.end.verb = operation::health;
    fail(1, rank_code::silent, "no answer in time");
    const auto body = post("/health", R"({"instance_id":"a"})");
    check_event_id(body, "health");
    CHECK(body["error_codes"] == json{{"0", 0}, {"1", -1004}});
    CHECK(executor.started.back().what.verb == operation::health);
    CHECK(post("/health", R"({"instance_id":"x"})", 404) ==
          json{{"detail", "unknown_instance: x"}});
    CHECK(place("/health", "{}") == json::array({"body", "instance_id"}));
  }

  TEST_CASE_FIXTURE(control_fixture, "refuse before anything starts") {
    const auto refused = [this](const std::string& more) {
      return place("/pin", R"({"instance_id":"a","location":"LocalCPUBackend")"
                           R"(,"tokens":[1])" +
                             more + "}")[1];
    };
    CHECK(refused(R"(,"ttl_seconds":0)") == "ttl_seconds");
    CHECK(refused(R"(,"ttl_seconds":"x")") == "ttl_seconds");
    CHECK(refused(R"(,"timeout_seconds":60.1)") == "timeout_seconds");
    CHECK(refused(R"(,"timeout_seconds":-1)") == "timeout_seconds");
    CHECK(refused(R"(,"wait":"maybe")") == "wait");
    CHECK(place("/pin", R"({"instance_id":"a","location":"x"})")[1] ==
          "tokens");
    CHECK(place("/clear", R"({"instance_id":"a"})")[1] == "location");
    const auto method =
      post("/compress", R"({"instance_id":"a","location":"x","method":"gzip"})",
           422);
    CHECK(method["detail"][0]["msg"] ==
          "Input should be 'zstd', 'lz4' or 'int8'");
    CHECK(place("/compress", R"({"instance_id":"a","location":"x"})")[1] ==
          "method");
    CHECK(post("/clear", R"({"instance_id":"a","location":"Tape"})", 404) ==
          json{{"detail", "unknown_location: Tape"}});
    CHECK(executor.started.empty());
  }

  TEST_CASE_FIXTURE(control_fixture, "pass on why nothing started") {
    executor.refusal = caf::make_error(errc::too_busy, "256 events run");
    CHECK(clear(503)["detail"] == "too_busy: 256 events run");
    CHECK(answer->headers[0].first == "Retry-After");
    executor.refusal = errc::unknown_location;
    clear(404);
    executor.is_silent = true;
    send({.method = "POST",
          .path = "/health",
          .content_type = "application/json",
          .body = R"({"instance_id":"a"})"});
    system.advance(9s + 20s - 1ms);
    run();
    CHECK_FALSE(answer);
    system.advance(1ms);
    run();
    REQUIRE(answer);
    CHECK(answer->status == 504);
  }
}

TEST_SUITE("event routes") {
  TEST_CASE_FIXTURE(control_fixture, "say where an event stands") {
    const auto body = post("/check_finish", R"({"event_id":"Clear1"})");
    CHECK(body["event_id"] == "Clear1");
    CHECK(body["operation"] == "clear");
    CHECK(body["instance_id"] == "a");
    CHECK(body["status"] == "finished");
    CHECK(body["num_tokens"] == 8);
    CHECK(body["started_at"] == 1.5);
    CHECK(body["finished_at"] == 2.25);
    CHECK(body["chunks_done"] == 4);
    CHECK(body["chunks_planned"] == 18);
    CHECK(body["workers"].size() == 2);
    CHECK(executor.awaited.back().patience == 0s);
    CHECK_FALSE(body.contains("corrected_at"));
    executor.end.finished_at_ms = 0;
    CHECK(post("/check_finish", R"({"event_id":"1"})")["finished_at"] ==
          nullptr);
    post("/check_finish", R"({"event_id":"x"})", 404);
    CHECK(executor.awaited.back().patience == 0s);
    CHECK(place("/check_finish", "{}")[1] == "event_id");
  }

  TEST_CASE_FIXTURE(control_fixture, "say who has not confirmed the end") {
    fail(1, rank_code::silent, "no answer in time");
    rank(1).state = event_state::unknown;
    executor.end.corrected_at_ms = 2'500;  // By another rank.
    const auto body = post("/check_finish", R"({"event_id":"Clear1"})");
    CHECK(body["workers"][1]["status"] == "unknown");
    CHECK(body["corrected_at"] == 2.5);
  }

  TEST_CASE_FIXTURE(control_fixture, "wait for the end as long as asked") {
    const auto patience = [this](const std::string& seconds) {
      post("/check_finish",
           R"({"event_id":"Clear1","wait_seconds":)" + seconds + "}");
      return executor.awaited.back().patience;
    };
    CHECK(patience("1.5") == 1500ms);
    CHECK(patience("null") == 0s);
    CHECK(patience("15") == 9s);  // What a request may wait.
    CHECK(executor.awaited.size() == 3);
    for (const auto* wrong : {"15.1", "-1", R"("x")"})
      CHECK(place("/check_finish", R"({"event_id":"Clear1","wait_seconds":)" +
                                     std::string{wrong} + "}")[1] ==
            "wait_seconds");
    CHECK(executor.awaited.size() == 3);
  }

  TEST_CASE_FIXTURE(control_fixture, "cancel, and tell how it ended") {
    executor.end.state = event_state::cancelled;
    const auto body = post("/cancel", R"({"event_id":"Clear1"})");
    CHECK(body["status"] == "cancelled");
    CHECK(executor.cancelled == std::vector<std::string>{"Clear1"});
  }

  TEST_CASE_FIXTURE(control_fixture, "list what is asked for") {
    const auto body = get("/events", "limit=5&status=failed&operation=pin");
    REQUIRE(body["events"].size() == 1);
    CHECK(body["events"][0]["event_id"] == "1");
    CHECK(executor.listed.back().limit == 5);
    CHECK(executor.listed.back().state == "failed");
    CHECK(executor.listed.back().operation == "pin");
    get("/events");
    CHECK(executor.listed.back().limit == 100);
    CHECK(executor.listed.back().state.empty());
    get("/events", "limit=99999");
    CHECK(executor.listed.back().limit == 1000);
    for (const auto* query : {"limit=x", "status=x", "operation=x"}) {
      const auto complaint = get("/events", query, 422)["detail"][0];
      CHECK(complaint["loc"][0] == "query");
      CHECK(complaint["input"] == "x");
    }
  }
}
