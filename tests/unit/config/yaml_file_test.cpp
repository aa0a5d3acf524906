#include "tests/unit/config/load_fixture.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>

using namespace kvc;
using test::load_fixture;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("yaml_file") {
  TEST_CASE_FIXTURE(load_fixture, "reads keys in any order and with comments") {
    configure("# a comment\nmodel: m  # another\nchunk_size: 16\n");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.model == "m");
    CHECK(result.options.chunk_size == 16);
  }

  TEST_CASE_FIXTURE(load_fixture, "takes an empty file as no settings") {
    for (const std::string text :
         {"", "\n", "# only a comment\n", "---\n", "{}"}) {
      configure(text);
      const auto result = load_worker();
      CHECK_MESSAGE(result.errors.empty(), text);
      CHECK(result.options == worker_options{});
      line.arguments.clear();
    }
  }

  TEST_CASE_FIXTURE(load_fixture, "leaves the default where a value is null") {
    configure("chunk_size: null\nmodel: ~\nlog_level:\n");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options == worker_options{});
  }

  TEST_CASE_FIXTURE(load_fixture, "reports all errors, each with its line") {
    configure(
      "chunk_size: 256\nlocal_cpu: maybe\n\nmax_local_cpu_size: abc\n"
      "lmcache_worker_ports: [1, x]\nmodel: [a]\nlog_level: {a: b}\n");
    CHECK(
      worker_errors() ==
      texts{
        R"(w.yaml:2: local_cpu: expected true or false, got "maybe")",
        R"(w.yaml:4: max_local_cpu_size: expected a positive number, got "abc")",
        R"(w.yaml:5: lmcache_worker_ports: expected an integer from 0 to 65535, got "x")",
        "w.yaml:6: model: expected a text, got a list",
        "w.yaml:7: log_level: expected a text, got a map"});
  }

  TEST_CASE_FIXTURE(load_fixture, "names the key that an unknown one is near") {
    configure("chunk_sise: 256\nlmcache_instanceid: a\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:1: chunk_sise: unknown key, the nearest is chunk_size",
                "w.yaml:2: lmcache_instanceid: unknown key, the nearest is "
                "lmcache_instance_id"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses a key that is given twice") {
    configure("chunk_size: 1\nmodel: m\nchunk_size: 1\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:3: chunk_size: given twice, first in w.yaml:1"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses a key and an alias that differ") {
    configure("p2p_init_port: 1\np2p_init_ports: [2]\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:2: p2p_init_ports: differs from w.yaml:1: "
                "p2p_init_port"});
  }

  TEST_CASE_FIXTURE(load_fixture, "takes a key and an alias that agree") {
    configure("p2p_init_port: 1\np2p_init_ports: [1]\n");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.p2p_init_ports == std::vector<std::uint16_t>{1});
  }

  TEST_CASE_FIXTURE(load_fixture, "warns once about LMCache's other keys") {
    configure(
      "remote_url: redis://a\nchunk_size: 16\nmax_hidden_state_cpu_size: 5\n"
      "nixl_role: sender\nextra_config: {a: 1}\nblend_check_layers: [1]\n");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.chunk_size == 16);
    CHECK(result.warnings ==
          texts{"settings of LMCache that have no effect here yet: remote_url, "
                "max_hidden_state_cpu_size, nixl_role, extra_config, "
                "blend_check_layers"});
  }

  TEST_CASE_FIXTURE(load_fixture, "reports where the syntax is wrong") {
    configure("model: m\nchunk_size: [1\nlog_level: info\n");
    const auto errors = worker_errors();
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].starts_with("w.yaml:3: "));
    CHECK(errors[0].size() > std::string{"w.yaml:3: "}.size());
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses a file that is no map of texts") {
    configure("- a\n- b\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:1: expected keys with values, got a list"});
    line.arguments.clear();
    configure("\njust words\n");
    CHECK(worker_errors() == texts{"w.yaml:2: expected keys with values, got "
                                   "\"just words\""});
    line.arguments.clear();
    configure("? [a, b]\n: c\n");
    CHECK(worker_errors() == texts{"w.yaml:1: expected a key, got a list"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses a second document") {
    configure("model: a\n---\nmodel: b\n");
    CHECK(worker_errors() == texts{"w.yaml:2: expected one document"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses a stray comma") {
    for (const std::string text :
         {",", "{\"port\": 9000},", "--- ,", "- a\n,"}) {
      configure(text);
      CHECK_MESSAGE(controller_errors().size() == 1, text);
      line.arguments.clear();
    }
    configure("{\"port\": 9000},");
    CHECK(controller_errors() == texts{"w.yaml:1: expected one document"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses a pipe, which may never speak") {
    const auto path = directory() / "w.yaml";
    REQUIRE(mkfifo(path.c_str(), 0600) == 0);
    line.arguments = {"--config", path};
    CHECK(worker_errors() == texts{"w.yaml: cannot be read: it is a pipe"});
  }

  TEST_CASE_FIXTURE(load_fixture, "refuses files that cannot be read") {
    const auto missing = (directory() / "none.yaml").string();
    line.arguments = {"--config", missing};
    CHECK(worker_errors() ==
          texts{"none.yaml: cannot be read: No such file or directory"});
    line.arguments = {"--config", directory().string()};
    CHECK(worker_errors() ==
          texts{directory().string() + ": cannot be read: Is a directory"});
    line.arguments = {"--config", "/dev/zero"};
    CHECK(worker_errors() == texts{"/dev/zero: larger than 1 MiB"});
  }

  TEST_CASE_FIXTURE(load_fixture, "reads files of up to 1 MiB") {
    const std::string setting = "model: m\n#";
    const std::string filler((1U << 20U) - setting.size(), 'x');
    configure(setting + filler);
    CHECK(load_worker().errors.empty());
    line.arguments.clear();
    configure(setting + filler + 'x');
    CHECK(worker_errors() == texts{"w.yaml: larger than 1 MiB"});
  }

  TEST_CASE_FIXTURE(load_fixture, "survives junk") {
    for (const auto& text :
         {std::string(1U << 20U, '['), std::string(1U << 20U, '{'),
          std::string(1'000, '\0'), std::string("\xff\xfe\x00\x01", 4),
          std::string{"&a [*a]"}, std::string{"model: *nowhere"},
          std::string{"a: &a [*a, *a]\nmodel: *a\n"}, std::string{"? ? ? a"},
          std::string(1U << 18U, '-') + ":"}) {
      configure(text);
      CHECK(!load_worker().errors.empty());
      line.arguments.clear();
    }
  }
}
