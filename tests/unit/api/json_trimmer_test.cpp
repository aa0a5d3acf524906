#include "net/api/json_trimmer.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

using token_vector = std::vector<std::uint32_t>;

}  // namespace

TEST_SUITE("json_trimmer") {
  TEST_CASE("takes the tokens out of the outermost object") {
    const auto trimmed =
      trim_json(R"({"a":"tokens", "tokens" : [1, 2] ,"b":[{"tokens":[3]}]})");
    CHECK(trimmed.tokens == token_vector{1, 2});
    CHECK(trimmed.text ==
          R"({"a":"tokens", "tokens" : [] ,"b":[{"tokens":[3]}]})");
  }

  TEST_CASE("leaves alone what it cannot take") {
    for (const auto* text :
         {R"({"tokens":[1],"tokens":[2]})", R"({"tokens":[1],"tokens":null})",
          R"({"tokens":["1"]})", R"({"tokens":3})", R"({"tokens":null})",
          R"([{"tokens":[1]}])", R"({"a":{"tokens":[1]}})",
          R"({"tok\u0065ns":[1]})", R"({"a":"\"tokens\":[1]"})",
          R"({"a":"tokens"})", R"({"tokens")", R"({"tokens":)", R"("tokens)",
          "", "\\", "\"\\"}) {
      const auto trimmed = trim_json(text);
      CHECK_MESSAGE(!trimmed.tokens, text);
      CHECK_FALSE(trimmed.is_too_deep);
    }
  }

  TEST_CASE("stops where the nesting is beyond any use") {
    CHECK_FALSE(trim_json(std::string(100, '[')).is_too_deep);
    CHECK(trim_json(std::string(101, '[')).is_too_deep);
    CHECK_FALSE(trim_json('"' + std::string(101, '[')).is_too_deep);
  }
}
