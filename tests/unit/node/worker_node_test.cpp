#include "apps/node/worker_node.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace kvc;

namespace {

std::string refusal_of(const worker_node_options& options) {
  const auto node = worker_node::start(options, [] {});
  return node ? "none" : describe(node.error());
}

worker_node_options sample_options() {
  worker_node_options result;
  result.ranks = {{"vllm-0", 0, 1}};
  result.settings.max_local_cpu_bytes = std::uint64_t{1} << 20U;
  return result;
}

}  // namespace

TEST_SUITE("worker_node") {
  TEST_CASE("refuses settings that lack what they need") {
    auto options = sample_options();
    auto& settings = options.settings;
    std::string expected = "none";
    SUBCASE("not a sound one") {}
    SUBCASE("a controller without address") {
      settings.enable_controller = true;
      expected =
        "invalid_request: enable_controller: needs controller_pull_url";
    }
    SUBCASE("peers without memory") {
      settings.enable_controller = true;
      settings.controller_pull_url = {"localhost", 9001};
      settings.enable_p2p = true;
      settings.p2p_host = "localhost";
      settings.p2p_init_ports = {9002};
      settings.local_cpu = false;
      settings.local_disk = {"/nowhere"};
      settings.max_local_disk_bytes = 1;
      expected =
        "invalid_request: enable_p2p: needs local_cpu, peers read memory";
    }
    SUBCASE("peers without controller") {
      settings.enable_p2p = true;
      expected = "invalid_request: enable_p2p: needs enable_controller";
    }
    SUBCASE("a disk without size") {
      settings.local_disk = {"/nowhere"};
      expected =
        "invalid_request: local_disk: needs a max_local_disk_size above 0";
    }
    SUBCASE("no ranks") {
      options.ranks.clear();
      expected = "invalid_request: no ranks";
    }
    SUBCASE("a name that the controller refuses") {
      options.ranks[0].instance = "all";
      expected =
        "invalid_request: lmcache_instance_id: must be 1 to 256 printable "
        "ASCII characters, and not \"all\"";
    }
    SUBCASE("a rank that is none of the instance's") {
      options.ranks[0].rank = 1;
      expected = "invalid_request: rank: must be less than rank_count";
    }
    SUBCASE("tokens without bytes") {
      options.bytes_per_token = 0;
      expected = "invalid_request: bytes_per_token: 0";
    }
    CHECK(refusal_of(options) == expected);
  }

  TEST_CASE("answers no questions after its end") {
    const auto node = worker_node::start(sample_options(), [] {});
    REQUIRE(node);
    (**node).stop();
    (**node).stop();
    CHECK((**node).find_prefixes({}) == caf::error{errc::not_ready});
    CHECK((**node).engines().front()->usage().size() == 1);
  }
}
