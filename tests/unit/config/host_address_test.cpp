#include "config/host_address.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

std::string form_of(std::string_view text) {
  const host_address found = text;
  return found.is_valid() ? found.text() : "none";
}

std::string pair_of(std::string_view text) {
  const auto found = read_host_and_port(text, 9);
  return found ? to_string(*found) : "none";
}

}  // namespace

TEST_SUITE("host_address") {
  TEST_CASE("has one form for every way to write an address") {
    CHECK(form_of("10.0.0.1") == "10.0.0.1");
    CHECK(form_of("::1") == "::1");
    CHECK(form_of("[::1]") == "::1");
    CHECK(form_of("0:0:0:0:0:0:0:1") == "::1");
    CHECK(form_of("2001:DB8:0::5") == "2001:db8::5");
    CHECK(form_of("::ffff:10.0.0.1") == "10.0.0.1");
    CHECK(form_of("[::ffff:a00:1]") == "10.0.0.1");
    CHECK(form_of("fe80::1%eth0") == "fe80::1%eth0");
    CHECK(form_of("Node-7.Rack_3.Example") == "node-7.rack_3.example");
    CHECK(form_of("node.") == "node.");
    CHECK(host_address{"0:0:0:0:0:0:0:1"} == "[::1]");
    CHECK(host_address{"::ffff:127.0.0.1"} == "127.0.0.1");
    CHECK(host_address{"::1"} != "127.0.0.1");
  }

  TEST_CASE("is not valid if it can be no name and no address") {
    for (const std::string_view text : {"",
                                        ".",
                                        "a..b",
                                        "-a",
                                        "a b",
                                        "a/b",
                                        "a:b",
                                        "10.0.0.256",
                                        "127.1",
                                        "1.2.3.4.5",
                                        "[10.0.0.1]",
                                        "[node]",
                                        "[::1",
                                        "::1]",
                                        "[]",
                                        "1::2::3",
                                        "fe80::1%",
                                        "fe80::1%a/b",
                                        "::ffff:10.0.0.256",
                                        "caf\u00e9"})
      CHECK_MESSAGE(form_of(text) == "none", text);
    CHECK(form_of(std::string_view{"10.0.0.1\0", 9}) == "none");
    CHECK(form_of(std::string_view{"::1\0", 4}) == "none");
    CHECK(form_of(std::string(63, 'a')) == std::string(63, 'a'));
    CHECK(form_of(std::string(64, 'a')) == "none");
    CHECK(host_address{"a b"}.text() == "a b");
    CHECK(host_address{}.empty());
    CHECK_FALSE(host_address{}.is_valid());
  }

  TEST_CASE("knows wildcards and what leads a machine to itself") {
    CHECK(host_address{"0.0.0.0"}.is_wildcard());
    CHECK(host_address{"[0::0]"}.is_wildcard());
    CHECK_FALSE(host_address{"::1"}.is_wildcard());
    for (const auto* text :
         {"127.0.0.1", "127.9.9.9", "::1", "LOCALHOST", "::ffff:127.0.0.1"})
      CHECK_MESSAGE(host_address{text}.is_loopback(), text);
    for (const auto* text : {"128.0.0.1", "::2", "127.example", "0.0.0.0", ""})
      CHECK_FALSE_MESSAGE(host_address{text}.is_loopback(), text);
    CHECK(host_address{"::1"}.is_ipv6());
    CHECK_FALSE(host_address{"10.0.0.1"}.is_ipv6());
    CHECK_FALSE(host_address{"a:b"}.is_ipv6());
  }

  TEST_CASE("puts IPv6 in brackets before a port") {
    CHECK(to_string(host_and_port{"0::1", 8001}) == "[::1]:8001");
    CHECK(to_string(host_and_port{"10.0.0.1", 8001}) == "10.0.0.1:8001");
    CHECK(to_string(host_and_port{"Node", 0}) == "node:0");
  }

  TEST_CASE("reads IPv6 without brackets only where a port is clear") {
    CHECK(pair_of("node") == "node:9");
    CHECK(pair_of("node:5") == "node:5");
    CHECK(pair_of("[::1]") == "[::1]:9");
    CHECK(pair_of("[::1]:65535") == "[::1]:65535");
    CHECK(pair_of("::1") == "[::1]:9");
    CHECK(pair_of("fd00::a:b") == "[fd00::a:b]:9");
    CHECK(pair_of("1:2:3:4:5:6:7:8") == "[1:2:3:4:5:6:7:8]:9");
    CHECK(pair_of("1:2:3:4:5:6:7:8:9001") == "[1:2:3:4:5:6:7:8]:9001");
    CHECK(pair_of("::1:9001") == "none");
    CHECK(pair_of("fd00::1:9001") == "none");
    for (const std::string_view text : {"", ":5", "node:", "node:0", "[::1]:",
                                        "[::1]5", "node:65536", "a:1:2"})
      CHECK_MESSAGE(pair_of(text) == "none", text);
  }
}
