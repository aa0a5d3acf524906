#include "tests/unit/config/load_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace std::chrono_literals;
using test::load_fixture;

namespace {

using texts = std::vector<std::string>;
using paths = std::vector<std::filesystem::path>;

}  // namespace

TEST_SUITE("worker_options") {
  TEST_CASE_FIXTURE(load_fixture, "loads LMCache's sample unchanged") {
    configure(R"(enable_controller: True
lmcache_instance_id: "lmcache_instance_id"
controller_pull_url: localhost:9001
lmcache_worker_ports: [8001, 8002, 8003]
p2p_host: localhost
p2p_init_port: [8011, 8012, 8013]        # p2p_init_port and p2p_init_ports are both accepted
)");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    worker_options expected;
    expected.enable_controller = true;
    expected.lmcache_instance_id = "lmcache_instance_id";
    expected.controller_pull_url = host_and_port{"localhost", 9001};
    expected.lmcache_worker_ports = {8001, 8002, 8003};
    expected.p2p_host = "localhost";
    expected.p2p_init_ports = {8011, 8012, 8013};
    CHECK(result.options == expected);
    CHECK(result.options.ranks() == 3);
  }

  TEST_CASE_FIXTURE(load_fixture, "lets flags win over variables over files") {
    configure("chunk_size: 1\nmodel: file\nrank_count: 3\n");
    line.environment = {{"LMCACHE_CHUNK_SIZE", "2"}, {"LMCACHE_MODEL", "env"}};
    line.arguments.insert(line.arguments.end(), {"--chunk-size", "4"});
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.chunk_size == 4);
    CHECK(result.options.model == "env");
    CHECK(result.options.rank_count == 3);
  }

  TEST_CASE_FIXTURE(load_fixture, "reports errors of all sources at once") {
    configure("chunk_size: 0\n");
    line.environment = {{"LMCACHE_LOCAL_CPU", "2"},
                        {"KVC_WORKER_RANK_COUNT", "x"}};
    line.arguments.emplace_back("--p2p-timeout=0");
    CHECK(
      worker_errors() ==
      texts{
        R"(w.yaml:1: chunk_size: expected an integer from 1 to 1048576, got "0")",
        R"(LMCACHE_LOCAL_CPU: expected true or false, got "2")",
        R"(KVC_WORKER_RANK_COUNT: expected an integer from 0 to 1024, got "x")",
        R"(--p2p-timeout: expected a positive number, got "0")"});
  }

  TEST_CASE_FIXTURE(load_fixture,
                    "only warns of what another source overrides") {
    configure("chunk_size: 0\nmodel: [a]\n");
    line.environment = {{"LMCACHE_CHUNK_SIZE", "x"}, {"KVC_WORKER_MODEL", "m"}};
    line.arguments.emplace_back("--chunk-size=2");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.chunk_size == 2);
    CHECK(result.options.model == "m");
    const auto file = (directory() / "w.yaml").string();
    CHECK(result.warnings ==
          texts{file + ":1: chunk_size: expected an integer from 1 to 1048576, "
                       "got \"0\"; --chunk-size counts",
                file + ":2: model: expected a text, got a list; "
                       "KVC_WORKER_MODEL counts",
                "LMCACHE_CHUNK_SIZE: expected an integer from 1 to 1048576, "
                "got \"x\"; --chunk-size counts"});
  }

  TEST_CASE_FIXTURE(load_fixture, "lets our variables win over LMCache's") {
    line.environment = {{"LMCACHE_CHUNK_SIZE", "1"},
                        {"LMCACHE_CONTROLLER_URL", "lmcache"},
                        {"LMCACHE_LMCACHE_INSTANCE_ID", "lmcache"},
                        {"KVC_WORKER_CHUNK_SIZE", "2"},
                        {"KVC_WORKER_CONTROLLER_PULL_URL", "kvc"}};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    CHECK(result.options.chunk_size == 2);
    CHECK(result.options.controller_pull_url == host_and_port{"kvc", 9001});
    CHECK(result.options.lmcache_instance_id == "lmcache");
  }

  TEST_CASE_FIXTURE(load_fixture, "ignores links to services of Kubernetes") {
    // As Kubernetes sets them for a service called lmcache-p2p-init.
    line.environment = {
      {"LMCACHE_P2P_INIT_SERVICE_HOST", "10.96.0.7"},
      {"LMCACHE_P2P_INIT_SERVICE_PORT", "9000"},
      {"LMCACHE_P2P_INIT_PORT", "tcp://10.96.0.7:9000"},
      {"LMCACHE_P2P_INIT_PORT_9000_TCP", "tcp://10.96.0.7:9000"},
      {"LMCACHE_P2P_INIT_PORT_9000_TCP_PROTO", "tcp"},
      {"LMCACHE_P2P_INIT_PORT_9000_TCP_PORT", "9000"},
      {"LMCACHE_P2P_INIT_PORT_9000_TCP_ADDR", "10.96.0.7"},
      {"LMCACHE_MP_PORT", "udp://10.96.0.8:1"}};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options == worker_options{});
    CHECK(result.warnings ==
          texts{"links to services of Kubernetes, ignored: LMCACHE_MP_PORT, "
                "LMCACHE_P2P_INIT_PORT"});
  }

  TEST_CASE_FIXTURE(load_fixture, "removes quotes from variables, as LMCache") {
    line.environment = {{"LMCACHE_LMCACHE_INSTANCE_ID", "\"vllm-0\""},
                        {"LMCACHE_MODEL", " 'a b' "},
                        {"LMCACHE_LOCAL_CPU", " true"},
                        {"LMCACHE_CHUNK_SIZE", " "},
                        {"LMCACHE_SECRET_FILE", "\"x"}};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.lmcache_instance_id == "vllm-0");
    CHECK(result.options.model == "a b");
    CHECK(result.options.secret_file == "\"x");
  }

  TEST_CASE("names the settings that differ") {
    worker_options after;
    CHECK(changed_keys(worker_options{}, after).empty());
    after.local_disk = {"/a"};
    after.log_level = "debug";
    CHECK(changed_keys(worker_options{}, after) ==
          texts{"log_level", "local_disk"});
    controller_options other;
    other.monitor_port = 1;
    CHECK(changed_keys(controller_options{}, other) == texts{"monitor_port"});
  }

  TEST_CASE_FIXTURE(load_fixture, "ignores unknown and empty variables") {
    line.environment = {{"LMCACHE_CHUNK_SISE", "1"},
                        {"LMCACHE_CHUNK_SIZE", ""},
                        {"CHUNK_SIZE", "1"},
                        {"KVC_SECRET", "x"}};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    CHECK(result.options == worker_options{});
  }

  TEST_CASE_FIXTURE(load_fixture, "warns about LMCache's other variables") {
    configure("remote_url: redis://a\n");
    line.environment = {{"LMCACHE_WEKA_PATH", "x"},
                        {"LMCACHE_REMOTE_URL", "x"}};
    CHECK(load_worker().warnings ==
          texts{"settings of LMCache that have no effect here yet: "
                "remote_url, weka_path"});
  }

  TEST_CASE_FIXTURE(load_fixture, "finds its file through the environment") {
    const auto path = configure("model: m\n");
    line.arguments.clear();
    line.environment = {{"LMCACHE_CONFIG_FILE", path}};
    CHECK(load_worker().options.model == "m");
    line.environment = {{"LMCACHE_CONFIG_FILE", "/dev/null"},
                        {"KVC_WORKER_CONFIG_FILE", path}};
    CHECK(load_worker().options.model == "m");
    line.arguments = {"--config", "/dev/null"};
    CHECK(load_worker().options.model.empty());
  }

  TEST_CASE_FIXTURE(load_fixture, "counts its memory in units of 2^30 bytes") {
    line.arguments = {"--max-local-cpu-size", "0.5"};
    CHECK(load_worker().options.max_local_cpu_bytes == 536'870'912);
    for (const std::string text : {"0", "-1", "nan", "1e-12", "1048577"}) {
      line.arguments[1] = text;
      CHECK_MESSAGE(load_worker().errors.size() == 1, text);
    }
  }

  TEST_CASE_FIXTURE(load_fixture, "takes one port for a single rank") {
    configure("lmcache_worker_ports: 8001\n");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.lmcache_worker_ports ==
          std::vector<std::uint16_t>{8001});
    CHECK(result.options.ranks() == 1);
  }

  TEST_CASE("has one rank unless told otherwise") {
    worker_options options;
    CHECK(options.ranks() == 1);
    options.lmcache_worker_ports = {1, 2};
    CHECK(options.ranks() == 2);
    options.rank_count = 4;
    CHECK(options.ranks() == 4);
  }

  TEST_CASE_FIXTURE(load_fixture, "wants as many ports as ranks") {
    configure(
      "rank_count: 3\nlmcache_worker_ports: [1, 2]\n"
      "p2p_init_ports: [1, 2, 3, 4]\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:2: lmcache_worker_ports: expected a port for each of 3 "
                "ranks, got 2",
                "w.yaml:3: p2p_init_ports: expected a port for each of 3 "
                "ranks, got 4"});
  }

  TEST_CASE_FIXTURE(load_fixture, "wants to know the enabled controller") {
    configure("enable_controller: true\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:1: enable_controller: needs controller_pull_url"});
    line.environment = {{"LMCACHE_CONTROLLER_URL", "host"}};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.controller_pull_url == host_and_port{"host", 9001});
  }

  TEST_CASE_FIXTURE(load_fixture, "wants a name for what others must find") {
    const auto errors_with = [this](const std::string& text) {
      line.arguments.clear();
      configure("enable_controller: true\ncontroller_url: host\n" + text);
      return worker_errors();
    };
    CHECK(errors_with("").empty());
    CHECK(load_worker().options.lmcache_instance_id.empty());
    CHECK(errors_with("rank_count: 1\nlmcache_worker_ports: [1]\n").empty());
    CHECK(errors_with("rank_count: 2\n") ==
          texts{"w.yaml:3: rank_count: needs lmcache_instance_id"});
    CHECK(errors_with("lmcache_worker_ports: [1, 2]\n") ==
          texts{"w.yaml:3: lmcache_worker_ports: needs lmcache_instance_id"});
    CHECK(errors_with("local_disk: /a\nmax_local_disk_size: 1\n") ==
          texts{"w.yaml:3: local_disk: needs lmcache_instance_id"});
    CHECK(errors_with("rank_count: 2\nlmcache_instance_id: a\n").empty());
    CHECK(errors_with("rank_count: 2\nlmcache_instance_id: ''\n").size() == 1);
    line.arguments.clear();  // Nobody looks for it without a controller.
    configure("rank_count: 2\nlocal_disk: /a\nmax_local_disk_size: 1\n");
    CHECK(worker_errors().empty());
  }

  TEST_CASE_FIXTURE(load_fixture, "takes no empty path for a secret file") {
    line.arguments = {"--secret-file", ""};
    CHECK(worker_errors() ==
          texts{R"(--secret-file: expected the path of a file, got "")"});
    CHECK(load_controller().errors ==
          texts{R"(--secret-file: expected the path of a file, got "")"});
    line.arguments.clear();
    configure("secret_file: ''\n");
    CHECK(worker_errors().size() == 1);
    line.arguments.clear();
    configure("secret_file: null\n");
    CHECK(worker_errors().empty());
  }

  TEST_CASE_FIXTURE(load_fixture, "wants to know all of enabled transfers") {
    line.arguments = {"--enable-p2p"};
    CHECK(worker_errors() == texts{"--enable-p2p: needs enable_controller",
                                   "--enable-p2p: needs p2p_host",
                                   "--enable-p2p: needs p2p_init_ports"});
  }

  TEST_CASE_FIXTURE(load_fixture, "takes LMCache's levels in upper case") {
    line.environment = {{"LMCACHE_LOG_LEVEL", "WARNING"}};
    CHECK(load_worker().options.log_level == "warning");
    line.environment = {{"LMCACHE_LOG_LEVEL", "loud"}};
    CHECK(worker_errors() ==
          texts{"LMCACHE_LOG_LEVEL: expected one of trace, debug, info, warn, "
                "warning, error, critical, off, got \"loud\""});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses an instance without a name") {
    configure("lmcache_instance_id: ''\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:1: lmcache_instance_id: expected 1 to 256 printable "
                R"(ASCII characters, and not "all", got "")"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses names that controllers refuse") {
    line.arguments = {"--lmcache-instance-id", "all"};
    CHECK(worker_errors() ==
          texts{"--lmcache-instance-id: expected 1 to 256 printable ASCII "
                R"(characters, and not "all", got "all")"});
    for (const auto& name : {std::string{"caf\u00e9"}, std::string{"\x7f"},
                             std::string{"a\nb"}, std::string(257, 'a')}) {
      line.arguments = {"--lmcache-instance-id", name, "--model=" + name,
                        "--p2p-host", name};
      CHECK_MESSAGE(worker_errors().size() == 3, name);
    }
    std::string long_name;  // Of 253 characters, with labels of 62.
    while (long_name.size() < 250)
      long_name += std::string(62, 'a') + '.';
    long_name += 'a';
    line.arguments = {
      "--lmcache-instance-id", std::string(256, 'a'), "--model",
      std::string(256, '~'),   "--p2p-host",          long_name};
    CHECK(worker_errors().empty());
    line.arguments.back() += 'a';
    CHECK(worker_errors() ==
          texts{"--p2p-host: expected a host name or an address, got \"" +
                long_name.substr(0, 60) + "...\""});
  }

  TEST_CASE_FIXTURE(load_fixture, "advertises only what leads others here") {
    line.arguments = {"--p2p-host", "[::]", "--p2p-advertise-host",
                      "2001:DB8:0::5"};
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.p2p_host == "::");
    CHECK(result.options.p2p_advertise_host == "2001:db8::5");
    for (const std::string text : {"0.0.0.0", "[::]", "LocalHost"}) {
      line.arguments = {"--p2p-advertise-host", text};
      CHECK(worker_errors() == texts{"--p2p-advertise-host: expected where "
                                     "other hosts reach this one, got \"" +
                                     text + '"'});
    }
  }

  TEST_CASE_FIXTURE(load_fixture, "reads where the disk's chunks are") {
    configure("local_disk: file:///a/b\nmax_local_disk_size: 0.5\n");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    CHECK(result.options.local_disk == paths{"/a/b"});
    CHECK(result.options.max_local_disk_bytes == std::uint64_t{1} << 29U);
  }

  TEST_CASE_FIXTURE(load_fixture, "takes several disks, as LMCache") {
    for (const std::string given :
         {"/a,/b/c", "'file:///a/, /b/c'", "/a,,file:///b/c,", "[/a, /b/c]"}) {
      configure("max_local_disk_size: 1\nlocal_disk: " + given + "\n");
      const auto result = load_worker();
      CHECK_MESSAGE(result.errors.empty(), given);
      REQUIRE(result.options.local_disk.size() == 2);
      CHECK(result.options.local_disk[0].string().starts_with("/a"));
      CHECK(result.options.local_disk[1] == "/b/c");
      line.arguments.clear();
    }
    line.arguments = {"--local-disk-path-sharding", "by_name"};
    CHECK(worker_errors() ==
          texts{"--local-disk-path-sharding: expected one of "
                R"(by_gpu, got "by_name")"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses what is no path by its name") {
    for (const std::string url : {"file:/a", "s3://bucket/a", "redis://h:1"}) {
      line.arguments = {"--max-local-disk-size=1", "--local-disk", "/a," + url};
      CHECK(
        worker_errors() ==
        texts{"--local-disk: expected a path, or file:// and a path, got \"" +
              url + '"'});
    }
    line.arguments[2] = "a:b/c,://";
    CHECK(worker_errors().empty());
  }

  TEST_CASE_FIXTURE(load_fixture, "takes a disk in place of memory") {
    configure("local_disk: c/d\nmax_local_disk_size: 1\nlocal_cpu: false\n");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.local_disk == paths{"c/d"});
    CHECK_FALSE(result.options.local_cpu);
  }

  TEST_CASE_FIXTURE(load_fixture, "wants a size for a disk") {
    SUBCASE("that is given") { configure("\nlocal_disk: /a\n"); }
    SUBCASE("above 0") {
      configure("max_local_disk_size: 0\nlocal_disk: /a\n");
    }
    CHECK(worker_errors() ==
          texts{"w.yaml:2: local_disk: needs a max_local_disk_size above 0"});
  }

  TEST_CASE_FIXTURE(load_fixture, "wants some location") {
    SUBCASE("that is given") { configure("local_cpu: false\n"); }
    SUBCASE("that is a path") {
      configure("local_cpu: false\nlocal_disk: ''\n");
    }
    CHECK(worker_errors() == texts{"w.yaml:1: local_cpu: needs local_disk"});
  }
}
