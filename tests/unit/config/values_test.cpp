#include "config/values.hpp"

#include <doctest/doctest.h>

#include <functional>
#include <optional>

using namespace kvc;

namespace {

/// Returns what a parser expected instead, or nothing if it was content.
std::optional<std::string> complaint(const std::function<void()>& parse) {
  try {
    parse();
    return std::nullopt;
  } catch (const invalid_value& wrong) {
    return wrong.expected;
  }
}

double number(const std::string& text) {
  return parse_number(YAML::Node{text}, zero::allowed, 1'000);
}

bool is_number(const std::string& text) {
  return !complaint([&] { number(text); });
}

bool is_integer(const std::string& text) {
  return !complaint([&] { parse_integer(text, {1, UINT64_MAX}); });
}

bool is_none_hash(const std::string& text) {
  return !complaint([&] { parse_none_hash(text); });
}

bool is_ports(const std::string& text) {
  return !complaint([&] { parse_ports(YAML::Load(text)); });
}

std::vector<std::uint16_t> ports(const std::string& text) {
  return parse_ports(YAML::Node{text});
}

bool is_host_and_port(const std::string& text) {
  return !complaint([&] { parse_host_and_port(YAML::Node{text}, 9); });
}

host_and_port address(const std::string& text) {
  return parse_host_and_port(YAML::Node{text}, 9);
}

}  // namespace

TEST_SUITE("values") {
  TEST_CASE("reads integers within their range and nothing else") {
    CHECK(parse_integer("18446744073709551615", {}) == UINT64_MAX);
    CHECK(parse_integer("1", {1, 1}) == 1);
    for (const std::string text : {"", "0", "-1", "+1", " 1", "1 ", "1.0",
                                   "1e3", "0x1", "18446744073709551616", "ten"})
      CHECK_MESSAGE(!is_integer(text), text);
    CHECK(complaint([] {
            parse_integer("9", {1, 8});
          }) == "expected an integer from 1 to 8");
  }

  TEST_CASE("reads numbers that are finite and not negative") {
    CHECK(number("0") == 0);
    CHECK(number("0.125") == 0.125);
    CHECK(number("1e2") == 100);
    CHECK(number("1000") == 1'000);
    for (const std::string text :
         {"", "-1", "-0", "nan", "-nan", "inf", "1000.1", "1e999", "5 GB",
          "1,5", ".", "0x10"})
      CHECK_MESSAGE(!is_number(text), text);
  }

  TEST_CASE("refuses zero where a number must be positive") {
    const auto parse = [](const char* text) {
      return complaint(
        [=] { parse_number(YAML::Node{text}, zero::refused, 10); });
    };
    CHECK(parse("0") == "expected a positive number");
    CHECK(parse("0.001") == std::nullopt);
    CHECK(parse("11") == "expected at most 10");
  }

  TEST_CASE("reads the truth values of YAML and of the environment") {
    for (const std::string text :
         {"true", "True", "TRUE", "yes", "on", "On", "1"})
      CHECK_MESSAGE(parse_bool(YAML::Node{text}), text);
    for (const std::string text : {"false", "False", "no", "OFF", "0"})
      CHECK_MESSAGE(!parse_bool(YAML::Node{text}), text);
    for (const std::string text : {"", "2", "y", "truely", "null"})
      CHECK_MESSAGE(complaint([=] { parse_bool(YAML::Node{text}); }) ==
                      "expected true or false",
                    text);
  }

  TEST_CASE("reads ports as a list, as text and alone") {
    using list = std::vector<std::uint16_t>;
    CHECK(ports("8001") == list{8001});
    CHECK(ports("8001,8002") == list{8001, 8002});
    CHECK(ports("[8001, 8002]") == list{8001, 8002});
    CHECK(ports("[]").empty());
    CHECK(ports("0,0,65535") == list{0, 0, 65535});
    CHECK(parse_ports(YAML::Load("[8001, 8002]")) == list{8001, 8002});
    CHECK(parse_ports(YAML::Load("'8001, 8002'")) == list{8001, 8002});
  }

  TEST_CASE("refuses what is no list of ports") {
    for (const std::string text :
         {"65536", "-1", "[8001, abc]", "[8001, [8002]]", "[8001, 8001]",
          "{a: 1}", "''", "'[8001'", "'[8001],'", "[null]"})
      CHECK_MESSAGE(!is_ports(text), text);
    CHECK(is_ports("[1" + std::string(1'023, ' ') + "]"));
    std::string many = "[0";
    for (int i = 0; i < 1'024; ++i)
      many += ", 0";
    CHECK(!is_ports(many + "]"));
  }

  TEST_CASE("reads a host with and without a port") {
    CHECK(address("localhost:9001") == host_and_port{"localhost", 9001});
    CHECK(address("10.0.0.1") == host_and_port{"10.0.0.1", 9});
    CHECK(address("[::1]:7000") == host_and_port{"::1", 7000});
    CHECK(address("[fe80::2]") == host_and_port{"fe80::2", 9});
    CHECK(address("::1") == host_and_port{"::1", 9});
    for (const std::string text :
         {"", ":9001", "a:", "a:0", "a:65536", "a:b", "::1:9001", "[::1",
          "[]:1", "[::1]9001", "tcp://a:1", "a b:1", "a:1:2"})
      CHECK_MESSAGE(!is_host_and_port(text), text);
  }

  TEST_CASE("takes 64-bit integers and seeds as none_hash") {
    for (const std::string text :
         {"0", "-9223372036854775808", "18446744073709551615", "seed:0",
          "seed:4294967295"})
      CHECK_MESSAGE(is_none_hash(text), text);
    for (const std::string text :
         {"", "-9223372036854775809", "seed:", "seed:-1",
          "18446744073709551616", "seed:4294967296", "seed:1 ", "Seed:1",
          "0x10", "1.0"})
      CHECK_MESSAGE(!is_none_hash(text), text);
  }

  TEST_CASE("bounds the length of a text") {
    CHECK(text_of(YAML::Node{std::string(4'096, 'x')}, "").size() == 4'096);
    CHECK(complaint([] { text_of(YAML::Node{std::string(4'097, 'x')}, ""); }) ==
          "expected at most 4096 bytes");
  }
}
