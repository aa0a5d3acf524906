#include "tests/unit/config/load_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace std::chrono_literals;
using test::load_fixture;

namespace {

using texts = std::vector<std::string>;

/// A file that enables peers, and more.
struct peer_fixture : load_fixture {
  void with(const std::string& more) {
    configure(
      "enable_controller: true\ncontroller_pull_url: c:1\n"
      "enable_p2p: true\np2p_host: here\np2p_init_ports: [5]\n" +
      more + "lmcache_instance_id: a\n");
  }
};

}  // namespace

TEST_SUITE("worker_options for peers") {
  TEST_CASE_FIXTURE(peer_fixture, "have defaults") {
    with("");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.warnings.empty());
    CHECK(result.options.enable_p2p);
    CHECK(result.options.p2p_host == "here");
    CHECK(result.options.p2p_transport == "auto");
    CHECK(result.options.p2p_timeout == 2s);
  }

  TEST_CASE_FIXTURE(peer_fixture, "name a transport and a time") {
    with("p2p_transport: tcp\np2p_timeout: 0.25\n");
    const auto result = load_worker();
    CHECK(result.errors.empty());
    CHECK(result.options.p2p_transport == "tcp");
    CHECK(result.options.p2p_timeout == 250ms);
  }

  TEST_CASE_FIXTURE(peer_fixture, "refuse other transports and no time") {
    with("p2p_transport: rdma\np2p_timeout: 0\n");
    const auto errors = worker_errors();
    REQUIRE(errors.size() == 2);
    CHECK(errors[0].starts_with("w.yaml:6: p2p_transport: expected"));
    CHECK(errors[0].ends_with(R"(got "rdma")"));
    CHECK(errors[1].starts_with("w.yaml:7: p2p_timeout: expected"));
    CHECK(errors[1].ends_with(R"(got "0")"));
  }

  TEST_CASE_FIXTURE(peer_fixture, "need memory for peers to read") {
    with("local_cpu: false\nlocal_disk: /tmp\nmax_local_disk_size: 1\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:3: enable_p2p: needs local_cpu, peers read memory"});
  }

  TEST_CASE_FIXTURE(load_fixture, "need more than empty settings") {
    configure(
      "enable_controller: false\nenable_p2p: true\np2p_host: ''\n"
      "p2p_init_ports: []\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:2: enable_p2p: needs enable_controller",
                "w.yaml:2: enable_p2p: needs p2p_host",
                "w.yaml:2: enable_p2p: needs p2p_init_ports"});
  }

  TEST_CASE_FIXTURE(peer_fixture, "need a port for each rank") {
    with("rank_count: 2\n");
    CHECK(worker_errors() ==
          texts{"w.yaml:5: p2p_init_ports: expected a port for each of 2 "
                "ranks, got 1"});
  }
}
