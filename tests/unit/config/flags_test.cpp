#include "config/option.hpp"
#include "tests/unit/config/load_fixture.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdlib>

using namespace kvc;
using namespace std::chrono_literals;
using test::load_fixture;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("flags") {
  TEST_CASE_FIXTURE(load_fixture, "takes every key as a flag with dashes") {
    line.arguments = {"--max-local-cpu-size",
                      "2",
                      "--lmcache-worker-ports",
                      "8001,8002",
                      "--p2p-init-port=[1, 2]",
                      "--model=a=b",
                      "--lmcache-worker-heartbeat-time",
                      "0.25"};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    worker_options expected;
    expected.max_local_cpu_bytes = std::uint64_t{2} << 30U;
    expected.lmcache_worker_ports = {8001, 8002};
    expected.p2p_init_ports = {1, 2};
    expected.model = "a=b";
    expected.lmcache_worker_heartbeat_time = 250ms;
    CHECK(result.options == expected);
  }

  TEST_CASE_FIXTURE(load_fixture, "takes a truth value or none") {
    line.arguments = {"--save-unfull-chunk",
                      "--local-cpu",
                      "no",
                      "--local-disk",
                      "/tmp/kvc",
                      "--max-local-disk-size",
                      "1"};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.save_unfull_chunk);
    CHECK(!result.options.local_cpu);
  }

  TEST_CASE_FIXTURE(load_fixture, "reports all errors at once") {
    line.arguments = {"--port",   "http", "--prot", "1",
                      "--shards", "-1",   "stray",  "--host"};
    CHECK(controller_errors() ==
          texts{"--host: 1 required ADDRESS missing",
                "--prot: unknown flag, the nearest is --port",
                R"("stray": expected a flag)",
                R"(--port: expected an integer from 0 to 65535, got "http")",
                R"(--shards: expected an integer from 0 to 64, got "-1")"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses a flag given twice unequally") {
    line.arguments = {"--port",   "1",      "--port",     "1",
                      "--shards", "1",      "--shards=2", "--controller-host",
                      "a",        "--host", "b"};
    CHECK(controller_errors() == texts{"--controller-host: differs from --host",
                                       "--shards: differs from --shards"});
  }

  TEST_CASE_FIXTURE(load_fixture, "takes an empty value for one") {
    line.arguments = {"--p2p-host=", "--model=", "m", "--local-cpu="};
    CHECK(worker_errors() ==
          texts{R"("m": expected a flag)",
                R"(--local-cpu: expected true or false, got "")"});
    line.arguments = {"--chunk-size", "16", "--model=", "--p2p-host", ""};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.chunk_size == 16);
    CHECK(result.options.model.empty());
  }

  TEST_CASE_FIXTURE(load_fixture, "takes no flag for a value") {
    line.arguments = {"--model", "--chunk-size", "16"};
    CHECK(worker_errors() ==
          texts{"--model: expected a value, got the flag --chunk-size",
                R"("16": expected a flag)"});
    line.arguments = {"--model", "--other", "--none-hash", "-5"};
    CHECK(worker_errors().empty());
  }

  TEST_CASE_FIXTURE(load_fixture, "prints the version and does no more") {
    line.version = "kvc-test 1.2.3";
    line.arguments = {"--port", "x", "--version"};
    CHECK(load_controller().help == "kvc-test 1.2.3\n");
    CHECK(controller_errors().empty());
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses two files") {
    line.arguments = {"--config", "a", "--config", "/dev/null"};
    CHECK(worker_errors() == texts{"--config: given more than once"});
  }

  TEST_CASE_FIXTURE(load_fixture, "hands a program's own flags to it") {
    std::uint64_t rank = 0;
    std::string trace;
    bool is_fast = false;
    bool is_slow = false;
    line.flags = {number_flag("rank", rank, {0, 7}, ""),
                  text_flag("replay", "FILE", trace, ""),
                  switch_flag("fast", is_fast, ""),
                  switch_flag("slow", is_slow, "")};
    line.arguments = {"--rank", "3", "--replay=t.jsonl", "--fast"};
    CHECK(worker_errors().empty());
    CHECK(rank == 3);
    CHECK(trace == "t.jsonl");
    CHECK(is_fast);
    CHECK(!is_slow);
    line.arguments = {"--rank", "8", "--fats"};
    CHECK(worker_errors() ==
          texts{R"(--rank: expected an integer from 0 to 7, got "8")",
                "--fats: unknown flag, the nearest is --fast"});
    CHECK(rank == 3);
  }

  TEST_CASE_FIXTURE(load_fixture, "explains every flag and its default") {
    bool is_fast = false;
    line.flags = {switch_flag("fast", is_fast, "do not wait")};
    line.arguments = {"--no-such-flag", "--help"};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    const auto has = [&](const std::string& text) {
      return result.help.find(text) != std::string::npos;
    };
    CHECK(has("Tests the loader."));
    CHECK(has("kvc-test"));
    CHECK(has("--config FILE"));
    CHECK(has("do not wait"));
    CHECK(has("[256]"));
    CHECK(has("or --controller-url"));
    worker_options unused;
    for (const auto& entry : table_of(unused).options) {
      auto flag = "--" + entry.key;
      std::replace(flag.begin(), flag.end(), '_', '-');
      CHECK_MESSAGE(has(flag + ' ' + entry.value_name), flag);
    }
  }

  TEST_CASE("reads main's arguments and the environment") {
    setenv("KVC_TEST_VARIABLE", "a=b", 1);
    const std::array<const char*, 3> argv{"/bin/kvc", "--port", "1"};
    const auto line = read_command_line(3, argv.data());
    unsetenv("KVC_TEST_VARIABLE");
    CHECK(line.arguments == texts{"--port", "1"});
    CHECK(line.environment.at("KVC_TEST_VARIABLE") == "a=b");
  }
}
