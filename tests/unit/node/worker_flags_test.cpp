#include "apps/worker/flags.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("worker flags") {
  TEST_CASE("names instances by their number") {
    worker_options settings;
    settings.lmcache_instance_id = "a";
    worker_flags flags;
    flags.ranks = 1;
    CHECK(flags.node_options(settings).ranks[0].instance == "a");
    flags.instances = 11;
    CHECK(flags.node_options(settings).ranks[10].instance == "a-10");
  }

  TEST_CASE("refuse names that the controller would refuse") {
    worker_options settings;
    worker_flags flags;
    flags.ranks = 1;
    flags.instances = 11;
    settings.lmcache_instance_id = std::string(253, 'a');
    CHECK(flags.conflicts_with(&settings).empty());
    settings.lmcache_instance_id += 'a';  // With -10 behind it, it is too long.
    CHECK(flags.conflicts_with(&settings) ==
          texts{"--instances: the names ID-0, ID-1 and so on must be 1 to 256 "
                "printable ASCII characters, and not \"all\""});
    flags.instances = 10;
    CHECK(flags.conflicts_with(&settings).empty());
  }

  TEST_CASE("want a port for each rank") {
    worker_options settings;
    settings.lmcache_worker_ports = {8001, 8002};
    settings.p2p_init_ports = {8011, 8012};
    worker_flags flags;
    flags.ranks = 2;
    CHECK(flags.conflicts_with(&settings).empty());
    flags.ranks = 4;
    CHECK(flags.conflicts_with(&settings) ==
          texts{"--ranks: lmcache_worker_ports has 2 port(s) for 4 ranks",
                "--ranks: p2p_init_ports has 2 port(s) for 4 ranks"});
  }

  TEST_CASE("give no port to two instances") {
    worker_options settings;
    settings.lmcache_worker_ports = {8001, 0};
    worker_flags flags;
    flags.ranks = 2;
    flags.instances = 2;
    CHECK(flags.conflicts_with(&settings) ==
          texts{"--instances: lmcache_worker_ports has the ports of one "
                "instance; 0 is any free port"});
    settings.lmcache_worker_ports = {0, 0};
    CHECK(flags.conflicts_with(&settings).empty());
  }
}
