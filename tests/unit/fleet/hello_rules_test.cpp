#include "actors/fleet/hello_rules.hpp"
#include "messages/errors.hpp"
#include "tests/unit/fleet/fleet_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

struct hello_fixture {
  deterministic_system system;
  worker_actor actor = system.spawn(idle_worker);
  hash_settings ours{hash_algorithm::builtin, 256, 0};
  register_worker hello;

  hello_fixture() {
    hello.profile.id = {"a", 1};
    hello.profile.rank_count = 2;
    hello.hashing = ours;
    hello.canary = 5;
    hello.actor = actor;
  }

  std::string verdict() {
    const auto error = check_hello(hello, ours, 5);
    return error ? describe(error) : "accepted";
  }
};

}  // namespace

TEST_SUITE("hello_rules") {
  TEST_CASE_FIXTURE(hello_fixture, "accepts a proper hello") {
    CHECK(verdict() == "accepted");
    hello.profile.model = std::string(256, '~');
    hello.profile.id.instance = std::string(256, ' ');
    hello.profile.peer_url = "host:9";
    hello.profile.transfer_address = std::string(std::size_t{16} * 1024, '\0');
    CHECK(verdict() == "accepted");
  }

  TEST_CASE_FIXTURE(hello_fixture, "compares the protocol before all else") {
    hello.version = protocol_version + 1;
    hello.actor = nullptr;
    hello.canary = 0;
    CHECK(verdict() == "version_mismatch: protocol version: controller " +
                         std::to_string(protocol_version) + ", worker " +
                         std::to_string(protocol_version + 1));
  }

  TEST_CASE_FIXTURE(hello_fixture, "wants an actor") {
    hello.actor = nullptr;
    CHECK(verdict() == "invalid_request: actor: missing");
  }

  TEST_CASE_FIXTURE(hello_fixture, "wants a printable instance name") {
    const std::string text =
      "invalid_request: lmcache_instance_id: must be 1 to 256 printable "
      "ASCII characters, and not \"all\"";
    for (const auto& name :
         {std::string{}, std::string{"all"}, std::string(257, 'a'),
          std::string{"a\n"}, std::string{"\x7f"}, std::string{"\x80"},
          std::string{"a\0b", 3}}) {
      hello.profile.id.instance = name;
      CHECK(verdict() == text);
    }
  }

  TEST_CASE_FIXTURE(hello_fixture, "wants a rank within the announced ones") {
    hello.profile.id.rank = 2;
    CHECK(verdict() == "invalid_request: rank: must be less than rank_count");
    hello.profile.rank_count = 0;
    CHECK(verdict() == "invalid_request: rank_count: must be 1 to 1024");
    hello.profile.rank_count = 1025;
    CHECK(verdict() == "invalid_request: rank_count: must be 1 to 1024");
    hello.profile.rank_count = 1024;
    CHECK(verdict() == "accepted");
  }

  TEST_CASE_FIXTURE(hello_fixture, "wants a usage of locations that exist") {
    hello.usage = {{location::cpu, 1, 2, 3}, {location::disk, 1, 2, 3}};
    CHECK(verdict() == "accepted");
    hello.usage.emplace_back();
    CHECK(verdict() == "invalid_request: usage");
    hello.usage = {{static_cast<location>(2), 1, 2, 3}};
    CHECK(verdict() == "invalid_request: usage");
  }

  TEST_CASE_FIXTURE(hello_fixture, "limits every text") {
    hello.profile.model = std::string(257, 'a');
    CHECK(verdict() ==
          "invalid_request: model: must be at most 256 printable characters");
    hello.profile.model = "";
    hello.profile.transfer_address =
      std::string(std::size_t{16} * 1024 + 1, 'a');
    CHECK(verdict() == "invalid_request: transfer_address: too long");
  }

  TEST_CASE_FIXTURE(hello_fixture, "wants an address where peers reach it") {
    for (const std::string ip : {"", "10.0.0.1", "::1", "node-7.example"}) {
      hello.profile.ip = ip;
      CHECK(verdict() == "accepted");
    }
    for (const std::string& ip :
         {std::string{"\t"}, std::string{"0.0.0.0"}, std::string{"::"},
          std::string{"10.0.0.256"}, std::string(254, 'a')}) {
      hello.profile.ip = ip;
      CHECK(verdict() ==
            "invalid_request: ip: must be an address or a name of one host");
    }
    hello.profile.ip = "";
    hello.profile.peer_url = "[fd00::1]:8100";
    CHECK(verdict() == "accepted");
    for (const std::string& url :
         {std::string{"10.0.0.1"}, std::string{"fd00::1:8100"},
          std::string{"\t:1"}, std::string(254, 'a') + ":1"}) {
      hello.profile.peer_url = url;
      CHECK(verdict() == "invalid_request: peer_url: must be host:port");
    }
  }

  TEST_CASE_FIXTURE(hello_fixture, "names what differs in the hashing") {
    hello.hashing.chunk_size = 128;
    CHECK(verdict() ==
          "hashing_mismatch: chunk_size: controller 256, worker 128");
    hello.hashing = ours;
    hello.hashing.algorithm = hash_algorithm::sha256_cbor;
    const auto text = verdict();
    CHECK(
      text.starts_with("hashing_mismatch: hash_algorithm: controller "
                       "builtin, worker sha256_cbor"));
    hello.hashing = ours;
    hello.hashing.none_hash = 3;
    CHECK(verdict() == "hashing_mismatch: none_hash: controller 0, worker 3");
  }

  TEST_CASE_FIXTURE(hello_fixture, "compares the canary last") {
    hello.canary = 6;
    CHECK(verdict() == "hashing_mismatch: canary: controller 5, worker 6");
    hello.hashing.chunk_size = 128;
    CHECK(verdict() ==
          "hashing_mismatch: chunk_size: controller 256, worker 128");
  }
}
