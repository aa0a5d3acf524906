#include "net/http/routes.hpp"

#include "messages/errors.hpp"
#include "net/http/lane_actor.hpp"
#include "tests/support/deterministic_system.hpp"

#include <doctest/doctest.h>
#include <caf/typed_event_based_actor.hpp>
#include <nlohmann/json.hpp>

#include <deque>

using namespace kvc;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

/// Answers what the test says and remembers what it was asked.
struct fake_lookups : lookup_source {
  std::vector<prefix_match> matches;
  std::vector<key_count> counts;
  index_status current{.shards = 1};
  std::vector<std::uint64_t> asked_hashes;
  std::string asked_model;

  std::vector<prefix_match> find_prefixes(std::span<const std::uint64_t> hashes,
                                          std::string_view model) override {
    asked_hashes.assign(hashes.begin(), hashes.end());
    asked_model = model;
    return matches;
  }
  std::vector<key_count> key_counts() override { return counts; }
  index_status status() override { return current; }
};

/// Names each chunk of four tokens by its first one.
struct fake_hasher : prompt_hasher {
  std::vector<std::uint64_t> hash_prompt(
    std::span<const std::uint32_t> tokens) const override {
    std::vector<std::uint64_t> result;
    for (std::size_t i = 0; i < tokens.size(); i += 4)
      result.push_back(tokens[i]);
    return result;
  }
  std::uint32_t chunk_size() const override { return 4; }
};

worker_record make_record(const char* instance, std::uint32_t rank,
                          std::uint32_t slot) {
  worker_record result;
  result.profile.id = {instance, rank};
  result.profile.ip = "10.0.0.1";
  result.profile.port = 8001;
  result.worker_slot = slot;
  result.registered_at_ms = 1'700'000'000'250;
  result.renewed_at_ms = 1'700'000'001'500;
  return result;
}

std::vector<worker_record> fleet() {
  auto third = make_record("b", 0, 7);
  third.profile.ip = "10.0.0.2";
  third.profile.peer_url = "10.0.0.2:8100";
  auto result = std::vector{make_record("a", 0, 0), make_record("a", 1, 1)};
  result[0].usage = {{location::disk, 3, 300, 1000}};
  result.push_back(third);
  return result;
}

registry_actor::behavior_type fake_registry() {
  return {
    [](const register_worker&) -> caf::result<welcome> {
      return errc::not_ready;
    },
    [](const renew_lease&) -> caf::result<lease> { return errc::not_ready; },
    [](const deregister_worker&) { return false; },
    [](const list_workers& msg) {
      return msg.includes_lost ? std::vector<worker_record>{} : fleet();
    },
    [](const list_refusals&) {
      return std::vector{refusal{
        {"c", 2}, "10.0.0.3", errc::hashing_mismatch, "chunk_size", 1500, 4}};
    },
  };
}

struct silent_state {
  silent_state() = default;
  std::vector<caf::response_promise> promises;
};

/// Knows "a", is silent about "silent" and has lost touch with the rest.
executor_actor::behavior_type fake_executor(
  executor_actor::stateful_pointer<silent_state> self) {
  return {[self](const check_health& msg) -> caf::result<health_report> {
    if (msg.instance == "a")
      return health_report{{{0, 0, ""}, {1, -1004, "silent"}}};
    if (msg.instance != "silent")
      return caf::make_error(errc::unknown_instance, msg.instance);
    auto promise = self->make_response_promise<health_report>();
    self->state.promises.emplace_back(promise);
    return promise;
  }};
}

struct routes_fixture {
  test::deterministic_system system;
  fake_lookups lookups;
  fake_hasher hasher;
  registry_actor registry = system.spawn(fake_registry);
  executor_actor executor = system.spawn(fake_executor);
  std::deque<std::function<void()>> tasks;
  caf::actor lane = spawn_lane(
    caf::actor_cast<caf::abstract_actor*>(registry)->home_system(),
    [this](std::function<void()> task) { tasks.push_back(std::move(task)); });
  router table = make_controller_router(
    {lookups, hasher, registry, executor, {.answer_timeout = 20s}});
  std::optional<http_response> answer;

  ~routes_fixture() { as_lane(lane).close(); }

  routes_fixture() = default;
  routes_fixture(const routes_fixture&) = delete;
  routes_fixture& operator=(const routes_fixture&) = delete;

  void run() {
    system.run();
    while (!tasks.empty()) {
      const auto task = std::move(tasks.front());
      tasks.pop_front();
      task();
      system.run();
    }
  }

  void send(http_request request) {
    answer.reset();
    request.lane = &as_lane(lane);
    table.dispatch(request, responder{[this](http_response response) {
                     answer = std::move(response);
                   }});
    run();
  }

  json ask(const http_request& request, unsigned status = 200) {
    send(request);
    REQUIRE(answer);
    CHECK(answer->status == status);
    return json::parse(answer->body);
  }

  json post(std::string_view path, std::string_view body,
            unsigned status = 200) {
    return ask({.method = "POST", .path = path, .body = body}, status);
  }

  json get(std::string_view path, std::string_view query = "",
           unsigned status = 200) {
    return ask({.method = "GET", .path = path, .query = query}, status);
  }
};

void check_event_id(const json& answer, const std::string& prefix) {
  const auto id = answer["event_id"].get<std::string>();
  CHECK(id.substr(0, prefix.size()) == prefix);
  CHECK(id.size() == prefix.size() + 36);
}

}  // namespace

TEST_SUITE("routes") {
  TEST_CASE_FIXTURE(routes_fixture,
                    "looks up in tokens, in the source's order") {
    lookups.matches = {{"z", location::cpu, 2},
                       {"a\"", location::disk, 1},
                       {"b", location::cpu, 1}};
    const auto body = post("/lookup", R"({"tokens":[1,2,3,4,5,6]})");
    check_event_id(body, "Lookup");
    CHECK(answer->body.substr(answer->body.find(R"("layout_info")")) ==
          R"("layout_info":{"z":["LocalCPUBackend",6],)"
          R"("a\"":["LocalDiskBackend",4],"b":["LocalCPUBackend",4]}})");
    CHECK(lookups.asked_hashes == std::vector<std::uint64_t>{1, 5});
    CHECK(lookups.asked_model.empty());
  }

  TEST_CASE_FIXTURE(routes_fixture, "looks up in the named model") {
    post("/lookup", R"({"tokens":["9"],"model":"llama"})");
    CHECK(lookups.asked_model == "llama");
    CHECK(lookups.asked_hashes == std::vector<std::uint64_t>{9});
  }

  TEST_CASE_FIXTURE(routes_fixture, "finds nobody for no tokens") {
    lookups.matches = {{"a", location::cpu, 1}};
    CHECK(post("/lookup", R"({"tokens":[]})")["layout_info"] == json::object());
  }

  TEST_CASE_FIXTURE(routes_fixture, "refuses a bad lookup without asking") {
    lookups.asked_model = "untouched";
    CHECK(post("/lookup", R"({"model":"m"})", 422)["detail"][0]["type"] ==
          "missing");
    CHECK(post("/lookup", R"({"tokens":[1,-2]})", 422)["detail"][0]["loc"] ==
          json::array({"body", "tokens", 1}));
    CHECK(post("/lookup", "tokens", 400)["detail"][0]["type"] ==
          "json_invalid");
    CHECK(lookups.asked_model == "untouched");
  }

  TEST_CASE_FIXTURE(routes_fixture, "reports the health of each rank") {
    const auto body = post("/health", R"({"instance_id":"a"})");
    check_event_id(body, "health");
    CHECK(body["error_codes"] == json{{"0", 0}, {"1", -1004}});
  }

  TEST_CASE_FIXTURE(routes_fixture, "answers 404 to an unknown instance") {
    CHECK(post("/health", R"({"instance_id":"x"})", 404) ==
          json{{"detail", "unknown_instance: x"}});
    CHECK(post("/health", "{}", 422)["detail"][0]["loc"] ==
          json::array({"body", "instance_id"}));
  }

  TEST_CASE_FIXTURE(routes_fixture, "answers 504 for a silent executor") {
    send({.method = "POST",
          .path = "/health",
          .body = R"({"instance_id":"silent"})"});
    system.advance(19s);
    run();
    CHECK_FALSE(answer);
    system.advance(1s);
    run();
    REQUIRE(answer);
    CHECK(answer->status == 504);
  }

  TEST_CASE_FIXTURE(routes_fixture, "answers 503 without a registry") {
    system.kill(registry);
    CHECK(get("/controller/key-stats", "", 503).contains("detail"));
    CHECK(answer->headers.at(0).first == "Retry-After");
  }

  TEST_CASE_FIXTURE(routes_fixture, "describes workers to LMCache's clients") {
    const auto body = post("/query_worker_info", R"({"instance_id":"all"})");
    check_event_id(body, "QueryWorkerInfo");
    REQUIRE(body["worker_infos"].size() == 3);
    CHECK(body["worker_infos"][1] ==
          json{{"instance_id", "a"},
               {"worker_id", 1},
               {"ip", "10.0.0.1"},
               {"port", 8001},
               {"peer_init_url", nullptr},
               {"registration_time", 1'700'000'000.25},
               {"last_heartbeat_time", 1'700'000'001.5}});
    CHECK(body["worker_infos"][2]["peer_init_url"] == "10.0.0.2:8100");
  }

  TEST_CASE_FIXTURE(routes_fixture, "describes only the workers asked for") {
    const auto count = [&](const char* body) {
      return post("/query_worker_info", body)["worker_infos"].size();
    };
    CHECK(count(R"({"instance_id":"a","worker_ids":null})") == 2);
    CHECK(count(R"({"instance_id":"a","worker_ids":[1,5]})") == 1);
    CHECK(count(R"({"instance_id":"all","worker_ids":["0"]})") == 2);
    CHECK(count(R"({"instance_id":"a","worker_ids":[]})") == 0);
    CHECK(count(R"({"instance_id":"x"})") == 0);
  }

  TEST_CASE_FIXTURE(routes_fixture, "names the instances at an ip") {
    const auto body = post("/query_instance", R"({"ip":"10.0.0.1"})");
    check_event_id(body, "QueryInst");
    CHECK(body["res"] == "a");
    CHECK(body["instances"] == json::array({"a"}));
    post("/query_instance", R"({"ip":"10.9.9.9"})", 404);
  }

  TEST_CASE_FIXTURE(routes_fixture, "lists workers with what they hold") {
    lookups.counts = {{10, 5}, {20, 0}};
    const auto body = get("/controller/workers");
    CHECK(body["total_count"] == 3);
    const auto& first = body["workers"][0];
    CHECK(first["key_count"] == 15);
    CHECK(first["locations"]["LocalCPUBackend"] ==
          json{{"key_count", 10}, {"used_bytes", 0}, {"capacity_bytes", 0}});
    CHECK(
      first["locations"]["LocalDiskBackend"] ==
      json{{"key_count", 5}, {"used_bytes", 300}, {"capacity_bytes", 1000}});
    CHECK(body["workers"][1]["key_count"] == 20);
    CHECK(body["workers"][2]["key_count"] == 0);
  }

  TEST_CASE_FIXTURE(routes_fixture, "lists an instance, or one bare worker") {
    CHECK(get("/controller/workers", "instance_id=a")["total_count"] == 2);
    const auto worker = get("/controller/workers", "instance_id=a&worker_id=1");
    CHECK(worker["worker_id"] == 1);
    CHECK(worker["instance_id"] == "a");
    CHECK(get("/controller/workers", "worker_id=0")["total_count"] == 2);
    get("/controller/workers", "instance_id=x", 404);
    get("/controller/workers", "instance_id=a&worker_id=2", 404);
    CHECK(get("/controller/workers", "instance_id=a&worker_id=q",
              422)["detail"][0]["loc"] == json::array({"query", "worker_id"}));
  }

  TEST_CASE_FIXTURE(routes_fixture, "lists who was refused, and why") {
    CHECK(get("/controller/workers", "rejected=1") ==
          json{{"rejected",
                {{{"instance_id", "c"},
                  {"worker_id", 2},
                  {"ip", "10.0.0.3"},
                  {"reason", "hashing_mismatch"},
                  {"detail", "chunk_size"},
                  {"last_time", 1.5},
                  {"count", 4}}}},
               {"total_count", 1}});
  }

  TEST_CASE_FIXTURE(routes_fixture, "adds up keys") {
    lookups.counts = {{10, 5}, {20, 0}, {99, 0}};
    CHECK(
      get("/controller/key-stats") ==
      json{{"total_key_count", 35},
           {"total_instance_count", 2},
           {"total_worker_count", 3},
           {"instances",
            {{{"instance_id", "a"}, {"key_count", 35}, {"worker_count", 2}},
             {{"instance_id", "b"}, {"key_count", 0}, {"worker_count", 1}}}}});
  }

  TEST_CASE_FIXTURE(routes_fixture, "is ready while few streams still sync") {
    lookups.current = {.shards = 2, .streams = 10, .syncing_streams = 1};
    CHECK(get("/readyz")["status"] == "ready");
    lookups.current.syncing_streams = 2;
    CHECK(get("/readyz", "", 503)["detail"] ==
          "2 of 10 report streams are still syncing");
    lookups.current = {};
    get("/readyz", "", 503);
    CHECK(get("/healthz") == json{{"status", "healthy"}});
  }

  TEST_CASE_FIXTURE(routes_fixture, "describes every route once") {
    CHECK(get("/openapi.json")["paths"].size() == table.routes().size());
  }
}
