#include "net/http/lookup_body.hpp"

#include "net/http/body_buffer.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

std::optional<lookup_body> read(std::string text) {
  const auto size = text.size();
  text.resize(size + body_buffer::padding);
  return read_usual_lookup({.body = std::string_view{text}.substr(0, size),
                            .readable_bytes = text.size()});
}

}  // namespace

TEST_SUITE("lookup_body") {
  TEST_CASE("reads tokens and model in any order") {
    const auto body =
      read(R"( {"model":"m\u0061", "tokens" : [1, 2,4294967295] } )");
    REQUIRE(body);
    CHECK(body->tokens == std::vector<std::uint32_t>{1, 2, 4294967295U});
    CHECK(body->model == "ma");
    const auto empty = read(R"({"tokens":[]})");
    REQUIRE(empty);
    CHECK(empty->tokens.empty());
    CHECK(empty->model.empty());
  }

  TEST_CASE("takes the last of repeated fields") {
    const auto body = read(R"({"tokens":[1,2],"tokens":[3]})");
    REQUIRE(body);
    CHECK(body->tokens == std::vector<std::uint32_t>{3});
  }

  TEST_CASE("leaves everything unusual to the exact reader") {
    for (const auto* text : {R"({"tokens":["1"]})",
                             R"({"tokens":[1.0]})",
                             R"({"tokens":[-1]})",
                             R"({"tokens":[4294967296]})",
                             R"({"tokens":null})",
                             R"({"tokens":[1],"other":2})",
                             R"({"model":"m"})",
                             R"({"tokens":[1],"model":3})",
                             R"({"tok\u0065ns":[1]})",
                             "[]",
                             "",
                             "7",
                             "{",
                             R"({"tokens":[1,]})",
                             R"({"tokens":[1 2]})",
                             R"({"tokens":[1)",
                             R"({"tokens":[1]} x)",
                             R"({"tokens":[1]}{)",
                             R"({"tokens":[1]}])",
                             R"({"tokens":[01]})",
                             R"({"tokens":[1x]})",
                             R"({"tokens":[1],})",
                             R"({"tokens":[1]"model":""})"})
      CHECK_MESSAGE(!read(text), text);
    CHECK_FALSE(read_usual_lookup({.body = R"({"tokens":[1]})"}));
  }

  TEST_CASE("reads a long prompt and then a short one") {
    std::string text = R"({"tokens":[0)";
    for (int i = 1; i < 1'000'000; ++i)
      text += ',' + std::to_string(i);
    const auto body = read(text + "]}");
    REQUIRE(body);
    REQUIRE(body->tokens.size() == 1'000'000);
    CHECK(body->tokens[999'999] == 999'999);
    CHECK(read(R"({"tokens":[5]})")->tokens == std::vector<std::uint32_t>{5});
  }
}
