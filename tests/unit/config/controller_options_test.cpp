#include "tests/unit/config/load_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace std::chrono_literals;
using test::load_fixture;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("controller_options") {
  TEST_CASE_FIXTURE(load_fixture, "takes LMCache's flags") {
    line.arguments = {"--host",
                      "localhost",
                      "--port",
                      "9100",
                      "--monitor-port",
                      "9101",
                      "--health-check-interval",
                      "10",
                      "--lmcache-worker-timeout",
                      "30"};
    const auto result = load_controller();
    CHECK(result.errors.empty());
    controller_options expected;
    expected.host = "localhost";
    expected.port = 9100;
    expected.monitor_port = 9101;
    expected.health_check_interval = 10s;
    expected.lmcache_worker_timeout = 30s;
    CHECK(result.options == expected);
  }

  TEST_CASE_FIXTURE(load_fixture, "takes the pull port of LMCache's JSON") {
    line.arguments = {"--monitor-ports", R"({"pull": 8300, "reply": 8400})",
                      "--monitor-port", "1"};
    const auto result = load_controller();
    CHECK(result.errors.empty());
    CHECK(result.options.monitor_port == 8300);
  }

  TEST_CASE_FIXTURE(load_fixture, "takes the pull port of a file's map") {
    for (const std::string text :
         {"monitor_ports: {pull: 8300, other: [1]}",
          R"(monitor_ports: '{"pull": 8300}')",
          "controller_monitor_ports:\n  pull: 8300\n"}) {
      configure(text);
      const auto result = load_controller();
      CHECK_MESSAGE(result.errors.empty(), text);
      CHECK(result.options.monitor_port == 8300);
      line.arguments.clear();
    }
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses monitor ports without a pull port") {
    for (const std::string text : {"8300", "{}", "{pull: x}", "{\"reply\": 1}",
                                   "[1]", "{\"pull\": 8300", "{pull: [1]}"}) {
      line.arguments = {"--monitor-ports", text};
      CHECK_MESSAGE(load_controller().errors.size() == 1, text);
    }
  }

  TEST_CASE_FIXTURE(load_fixture, "takes origins as a list or as text") {
    const texts both{"https://kvc.example", "http://10.0.0.1:9000"};
    for (const std::string text :
         {"allowed_origins: [\"https://kvc.example\", http://10.0.0.1:9000]",
          "allowed_origins: https://kvc.example,http://10.0.0.1:9000"}) {
      configure(text);
      const auto result = load_controller();
      CHECK_MESSAGE(result.errors.empty(), text);
      CHECK(result.options.allowed_origins == both);
      line.arguments.clear();
    }
    configure("allowed_origins: []");
    CHECK(load_controller().options.allowed_origins.empty());
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses what no page's origin can be") {
    for (const std::string text :
         {"*", "null", "kvc.example", "https://", "https://kvc.example/",
          "https://KVC.example", "ftp://a", "[[https://a]]", "{https: //a}"}) {
      line.arguments = {"--allowed-origins", text};
      CHECK_MESSAGE(load_controller().errors.size() == 1, text);
    }
  }

  TEST_CASE_FIXTURE(load_fixture, "reads variables with its own prefix only") {
    line.environment = {{"LMCACHE_CONTROLLER_PORT", "1"},
                        {"LMCACHE_CHUNK_SIZE", "16"}};
    const auto result = load_controller();
    CHECK(result.errors.empty());
    CHECK(result.options.port == 1);
    CHECK(result.options.chunk_size == 256);
  }

  TEST_CASE_FIXTURE(load_fixture, "takes LMCache's own names of variables") {
    line.environment = {
      {"LMCACHE_CONTROLLER_CONTROLLER_HOST", "h"},
      {"LMCACHE_CONTROLLER_CONTROLLER_PORT", "1"},
      {"LMCACHE_CONTROLLER_CONTROLLER_MONITOR_PORTS", R"({"pull": 2})"},
      {"LMCACHE_CONTROLLER_HEALTH_CHECK_INTERVAL", "3"},
      // As Kubernetes sets it for a service called lmcache-controller.
      {"LMCACHE_CONTROLLER_PORT", "tcp://10.96.0.7:9000"}};
    const auto result = load_controller();
    CHECK(result.errors.empty());
    controller_options expected;
    expected.host = "h";
    expected.port = 1;
    expected.monitor_port = 2;
    expected.health_check_interval = 3s;
    CHECK(result.options == expected);
    CHECK(result.warnings == texts{"links to services of Kubernetes, ignored: "
                                   "LMCACHE_CONTROLLER_PORT"});
  }

  TEST_CASE_FIXTURE(load_fixture, "lets our variables win over LMCache's") {
    line.environment = {
      {"LMCACHE_CONTROLLER_PORT", "1"},
      {"KVC_CONTROLLER_PORT", "2"},
      {"LMCACHE_CONTROLLER_MONITOR_PORTS", "wrong"},
      {"KVC_CONTROLLER_MONITOR_PORT", "3"},
      {"KVC_CONTROLLER_SHARDS", "4"},
    };
    line.arguments = {"--shards", "5"};
    const auto result = load_controller();
    CHECK(result.errors.empty());
    CHECK(result.options.port == 2);
    CHECK(result.options.monitor_port == 3);
    CHECK(result.options.shards == 5);
    CHECK(result.warnings.size() == 1);
  }

  TEST_CASE_FIXTURE(load_fixture, "takes -1 for checks that are off") {
    line.arguments = {"--health-check-interval", "-1"};
    const auto result = load_controller();
    CHECK(result.errors.empty());
    CHECK(!result.options.health_check_interval);
    for (const std::string text : {"0", "-2", "-0.5", "off"}) {
      line.arguments[1] = text;
      CHECK_MESSAGE(load_controller().errors.size() == 1, text);
    }
  }

  TEST_CASE_FIXTURE(load_fixture, "counts sizes in powers of two") {
    configure("index_memory_limit: 1.5\nbody_limit: 0.25\n");
    const auto result = load_controller();
    CHECK(result.options.index_memory_bytes == 1'610'612'736);
    CHECK(result.options.body_limit_bytes == 262'144);
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses numbers outside of their ranges") {
    configure(
      "port: 65536\nhealth_check_interval: -2\nlmcache_worker_timeout: 0\n"
      "ready_sync_share: 1.1\nbody_limit: 0\nmax_connections: 0\n"
      "idle_timeout: 0.0001\nrevival_grace: 1e9\n");
    CHECK(
      controller_errors() ==
      texts{
        R"(w.yaml:1: port: expected an integer from 0 to 65535, got "65536")",
        R"(w.yaml:2: health_check_interval: expected a positive number, or -1, got "-2")",
        R"(w.yaml:3: lmcache_worker_timeout: expected a positive number, got "0")",
        R"(w.yaml:4: ready_sync_share: expected at most 1, got "1.1")",
        R"(w.yaml:5: body_limit: expected a positive number, got "0")",
        R"(w.yaml:6: max_connections: expected an integer from 1 to 1048576, got "0")",
        R"(w.yaml:7: idle_timeout: expected at least 0.001, got "0.0001")",
        R"(w.yaml:8: revival_grace: expected at most 31536000, got "1e9")"});
  }

  TEST_CASE_FIXTURE(load_fixture, "reads the limits of control events") {
    configure(
      "clear_timeout: 1\npin_timeout: 2\ncompress_timeout: 3\nmove_timeout: 7\n"
      "health_timeout: 4\nmax_event_timeout: 5\nevent_wait: 0.5\n"
      "max_running_events: 6\nmax_finished_events: 0\n"
      "finished_event_age: 0\n");
    const auto result = load_controller();
    CHECK(result.errors.empty());
    controller_options expected;
    expected.clear_timeout = 1s;
    expected.pin_timeout = 2s;
    expected.compress_timeout = 3s;
    expected.move_timeout = 7s;
    expected.health_timeout = 4s;
    expected.max_event_timeout = 5s;
    expected.event_wait = 500ms;
    expected.max_running_events = 6;
    expected.max_finished_events = 0;
    expected.finished_event_age = 0s;
    CHECK(result.options == expected);
  }

  TEST_CASE_FIXTURE(load_fixture,
                    "refuses more running events than a worker takes") {
    configure("max_running_events: 1024\n");
    CHECK(controller_errors().empty());
    line.arguments.clear();
    configure("max_running_events: 1025\n");
    CHECK(
      controller_errors() ==
      texts{
        R"(w.yaml:1: max_running_events: expected an integer from 1 to 1024, got "1025")"});
  }

  TEST_CASE_FIXTURE(load_fixture,
                    "takes zero where it switches something off") {
    configure("revival_grace: 0\nindex_memory_limit: 0\nready_sync_share: 0\n");
    const auto result = load_controller();
    CHECK(result.errors.empty());
    CHECK(result.options.revival_grace == 0s);
    CHECK(result.options.ready_sync_share == 0.0);
  }
}
