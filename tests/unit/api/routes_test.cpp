#include "tests/unit/api/routes_fixture.hpp"

#include <nlohmann/json.hpp>

using namespace kvc;
using namespace kvc::test;

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

  TEST_CASE_FIXTURE(routes_fixture, "takes a model in the query, and null") {
    const auto asked_model = [&](std::string_view query,
                                 std::string_view body) {
      ask({.method = "POST",
           .path = "/lookup",
           .query = query,
           .content_type = "application/json",
           .body = body});
      return lookups.asked_model;
    };
    CHECK(asked_model("model=llama", R"({"tokens":[9]})") == "llama");
    CHECK(asked_model("", R"({"tokens":[9],"model":null})").empty());
    CHECK(asked_model("model=a", R"({"tokens":[9],"model":null})") == "a");
    ask({.method = "POST",
         .path = "/lookup",
         .query = "model=b",
         .content_type = "application/json",
         .body = R"({"tokens":[9],"model":"a"})"},
        422);
    CHECK(lookups.asked_model == "a");
  }

  TEST_CASE_FIXTURE(routes_fixture, "finds nobody for no tokens") {
    lookups.matches = {{"a", location::cpu, 1}};
    CHECK(post("/lookup", R"({"tokens":[]})")["layout_info"] == json::object());
  }

  TEST_CASE_FIXTURE(routes_fixture, "hints at ranks that are missing") {
    lookups.broken = {{"a\"", 1, 2}, {"b", 3, 8}, {"c", 1, 2}, {"d", 1, 2}};
    const auto body = post("/lookup", R"({"tokens":[1]})");
    CHECK(body["layout_info"] == json::object());
    CHECK(body["hint"] ==
          "not listed, because ranks are missing: a\" has 1 of 2 ranks, b has "
          "3 of 8 ranks, c has 1 of 2 ranks");
    CHECK_FALSE(post("/lookup", R"({"tokens":[]})").contains("hint"));
    CHECK_FALSE(
      post("/lookup", R"({"tokens":[1],"model":"m"})").contains("hint"));
    lookups.matches = {{"e", location::cpu, 1}};
    CHECK_FALSE(post("/lookup", R"({"tokens":[1]})").contains("hint"));
  }

  TEST_CASE_FIXTURE(routes_fixture, "looks up hashes and counts whole chunks") {
    lookups.matches = {{"a", location::cpu, 2}};
    const auto body = post("/lookup", R"({"hashes":[7,-1],"model":"m"})");
    CHECK(body["layout_info"]["a"] == json::array({"LocalCPUBackend", 8}));
    CHECK(lookups.asked_hashes == std::vector<std::uint64_t>{7, UINT64_MAX});
    CHECK(lookups.asked_model == "m");
    CHECK(post("/lookup", R"({"hashes":[]})")["layout_info"] == json::object());
  }

  TEST_CASE_FIXTURE(routes_fixture, "looks up binary tokens") {
    lookups.matches = {{"a", location::cpu, 2}};
    http_request request{
      .method = "POST",
      .path = "/lookup",
      .query = "model=m",
      .content_type = "Application/Octet-Stream; a=b",
      .body = {"\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5\0\0\0", 20}};
    CHECK(ask(request)["layout_info"]["a"] ==
          json::array({"LocalCPUBackend", 5}));
    CHECK(lookups.asked_hashes == std::vector<std::uint64_t>{1, 5});
    CHECK(lookups.asked_model == "m");
    lookups.asked_model = "untouched";
    request.query = "models=m";
    CHECK(ask(request, 422)["detail"][0]["loc"] ==
          json::array({"query", "models"}));
    request.path = "/clear";
    CHECK(ask(request, 415)["detail"] ==
          "Unsupported Media Type: send application/json");
    CHECK(lookups.asked_model == "untouched");
    const auto lookup =
      get("/openapi.json")["paths"]["/lookup"]["post"]["requestBody"];
    CHECK(lookup["content"].contains("application/octet-stream"));
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
    CHECK(body["worker_infos"][2]["peer_init_url"] == "[2001:db8::2]:8100");
  }

  TEST_CASE_FIXTURE(routes_fixture, "describes only the workers asked for") {
    const auto count = [&](const char* body) {
      return post("/query_worker_info", body)["worker_infos"].size();
    };
    CHECK(count(R"({"instance_id":"a","worker_ids":null})") == 2);
    CHECK(count(R"({"instance_id":"a","worker_ids":[1,5]})") == 1);
    CHECK(count(R"({"instance_id":"all","worker_ids":["0"]})") == 2);
    CHECK(count(R"({"instance_id":"a","worker_ids":[]})") == 2);
    CHECK(count(R"({"instance_id":"x"})") == 0);
  }

  TEST_CASE_FIXTURE(routes_fixture, "names the instances at an ip") {
    const auto body = post("/query_instance", R"({"ip":"10.0.0.1"})");
    check_event_id(body, "QueryInst");
    CHECK(body["res"] == "a");
    CHECK(body["instances"] == json::array({"a"}));
    post("/query_instance", R"({"ip":"10.9.9.9"})", 404);
  }

  TEST_CASE_FIXTURE(routes_fixture, "knows an ip in whatever form it comes") {
    for (const auto* ip : {"2001:db8::2", "2001:0DB8:0:0:0:0:0:2",
                           "[2001:db8::2]", "2001:db8::0.0.0.2"})
      CHECK(post("/query_instance",
                 R"({"ip":")" + std::string{ip} + R"("})")["res"] == "b");
    CHECK(post("/query_instance", R"({"ip":"::ffff:10.0.0.1"})")["res"] == "a");
    CHECK(post("/query_instance", R"({"ip":"2001:DB8::3"})", 404)["detail"] ==
          "no instance at this ip: 2001:db8::3");
  }

  TEST_CASE_FIXTURE(routes_fixture, "names all instances of one ip") {
    workers[0].profile.ip = workers[2].profile.ip;
    const auto body = post("/query_instance", R"({"ip":"2001:db8::2"})");
    CHECK(body["res"] == "a");
    CHECK(body["instances"] == json::array({"a", "b"}));
    const auto listed = get("/controller/workers")["workers"];
    CHECK(listed[0]["ip"] == "2001:db8::2");
    CHECK(listed[0]["instance_id"] == "a");
    CHECK(listed[2]["ip"] == "2001:db8::2");
    CHECK(listed[2]["instance_id"] == "b");
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

  TEST_CASE_FIXTURE(routes_fixture, "lists the ranks that are missing") {
    CHECK(get("/controller/workers")["missing"] ==
          json{{{"instance_id", "b"}, {"worker_id", 1}},
               {{"instance_id", "b"}, {"worker_id", 2}}});
    CHECK(get("/controller/workers")["missing_count"] == 2);
    const auto complete = get("/controller/workers", "instance_id=a");
    CHECK(complete["missing"] == json::array());
    CHECK(complete["missing_count"] == 0);
    const auto of_rank = get("/controller/workers", "worker_id=1");
    CHECK(of_rank["total_count"] == 1);
    CHECK(of_rank["missing_count"] == 1);
    CHECK(
      get("/controller/workers", "instance_id=b&worker_id=1", 404)["detail"] ==
      "no such worker: b/1, announced, but not registered");
    CHECK(get("/controller/workers", "instance_id=b&worker_id=3",
              404)["detail"] == "no such worker: b/3");
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

  TEST_CASE_FIXTURE(routes_fixture, "reads what to list as FastAPI would") {
    for (const auto* yes : {"rejected=true", "rejected=1", "rejected=On"})
      CHECK(get("/controller/workers", yes).contains("rejected"));
    for (const auto* no : {"rejected=0", "rejected=false", ""})
      CHECK(get("/controller/workers", no).contains("workers"));
    CHECK(get("/controller/workers", "instance_id=a&worker_id=%201.0")
            .contains("worker_id"));
    const auto complaints =
      get("/controller/workers", "worker_id=x&rejected=2", 422)["detail"];
    CHECK(complaints ==
          json::parse(
            R"([{"loc":["query","rejected"],"type":"bool_parsing",
            "msg":"Input should be a valid boolean, unable to interpret input",
            "input":"2"},
            {"loc":["query","worker_id"],"type":"int_parsing","msg":)"
            R"("Input should be a valid integer, unable to parse string as an )"
            R"(integer","input":"x"}])"));
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
                  {"count", 4}},
                 {{"instance_id", nullptr},
                  {"worker_id", nullptr},
                  {"ip", "10.0.0.4"},
                  {"reason", "unauthorized"},
                  {"detail", "another secret"},
                  {"last_time", 1.0},
                  {"count", 1}}}},
               {"total_count", 2}});
  }

  TEST_CASE_FIXTURE(routes_fixture, "adds up keys") {
    lookups.counts = {{10, 5}, {20, 0}, {99, 0}};
    CHECK(get("/controller/key-stats") ==
          json{{"total_key_count", 35},
               {"total_instance_count", 2},
               {"total_worker_count", 3},
               {"total_missing_worker_count", 2},
               {"instances",
                {{{"instance_id", "a"},
                  {"key_count", 35},
                  {"worker_count", 2},
                  {"missing_worker_count", 0}},
                 {{"instance_id", "b"},
                  {"key_count", 0},
                  {"worker_count", 1},
                  {"missing_worker_count", 2}}}}});
  }

  TEST_CASE_FIXTURE(routes_fixture, "is ready while few streams still sync") {
    lookups.current = {.shards = 2, .streams = 10, .syncing_streams = 1};
    CHECK(get("/readyz")["status"] == "ready");
    CHECK(get("/readyz")["missing_ranks"] == 0);
    lookups.current.missing_ranks = 3;  // No fault of the controller.
    CHECK(get("/readyz")["missing_ranks"] == 3);
    lookups.current.syncing_streams = 2;
    CHECK(get("/readyz", "", 503)["detail"] ==
          "2 of 10 report streams are still syncing");
    lookups.current = {};
    get("/readyz", "", 503);
    CHECK(get("/healthz") == json{{"status", "healthy"}});
  }

  TEST_CASE_FIXTURE(routes_fixture, "tells the version") {
    CHECK(get("/version") == json{{"version", "1.2.3"},
                                  {"revision", "abc-dirty"},
                                  {"protocol_version", protocol_version}});
  }

  TEST_CASE_FIXTURE(routes_fixture, "describes every route once") {
    CHECK(get("/openapi.json")["paths"].size() == table.routes().size());
  }
}
