#include "net/api/json_walker.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace kvc;

namespace {

using progress = walked_json::progress;
using token_vector = std::vector<std::uint32_t>;
using hash_list = std::vector<std::uint64_t>;

token_vector tokens_of(const walked_json& walked) {
  REQUIRE(walked.tokens);
  return {walked.tokens->begin(), walked.tokens->end()};
}

progress progress_of(std::string_view text) { return walk_json(text).how_far; }

/// A list of so many elements of this kind.
std::string list(std::size_t length, std::string_view element) {
  std::string result = "[";
  for (std::size_t i = 0; i < length; ++i)
    result.append(i == 0 ? "" : ",").append(element);
  return result + ']';
}

}  // namespace

TEST_SUITE("json_walker") {
  TEST_CASE("reads lists and plain strings to the end") {
    const auto walked = walk_json(
      R"( {"model":"m~", "tokens" : [1, 2,4294967295] ,"hashes":[ -1,2 ]} )");
    CHECK(walked.how_far == progress::complete);
    CHECK(tokens_of(walked) == token_vector{1, 2, 4294967295U});
    CHECK(*walked.hashes == hash_list{UINT64_MAX, 2});
    REQUIRE(walked.texts.size() == 1);
    CHECK(walked.texts[0].first == "model");
    CHECK(walked.texts[0].second == "m~");
    CHECK(progress_of(R"({"tokens":[],"hashes":[]})") == progress::complete);
  }

  TEST_CASE("cuts the lists of the outermost object out of the rest") {
    const std::string text =
      R"({"a":"tokens", "tokens" : [1, 2] ,"b":[{"tokens":[3]}],"hashes":[4]})";
    const auto walked = walk_json(text);
    CHECK(walked.how_far == progress::partial);
    CHECK(tokens_of(walked) == token_vector{1, 2});
    CHECK(*walked.hashes == hash_list{4});
    CHECK(walked.rest(text) ==
          R"({"a":"tokens", "tokens" : [] ,"b":[{"tokens":[3]}],"hashes":[]})");
    CHECK(walked.place_of(28) == 28);  // Behind the '[' that stayed.
    CHECK(walked.place_of(29) == 33);
    CHECK(walked.place_of(62) == 66);
    CHECK(walked.place_of(63) == 68);
  }

  TEST_CASE("reads the last of repeated lists, if it is usual") {
    const std::string text = R"({"tokens":[1],"tokens":[2,3]})";
    const auto walked = walk_json(text);
    CHECK(tokens_of(walked) == token_vector{2, 3});
    CHECK(walked.how_far == progress::complete);
    CHECK(walked.rest(text) == R"({"tokens":[],"tokens":[]})");
    for (const auto* last : {"null", R"(["4"])", "3", R"("x")"}) {
      const auto other =
        walk_json(R"({"tokens":[1],"tokens":)" + std::string{last} + "}");
      CHECK_MESSAGE(!other.tokens, last);
    }
  }

  TEST_CASE("knows the names of its lists however they are escaped") {
    const std::string text = R"({"tok\u0065ns":[1],"\u0068ashes":[2]})";
    const auto walked = walk_json(text);
    CHECK(walked.how_far == progress::partial);
    CHECK(tokens_of(walked) == token_vector{1});
    CHECK(*walked.hashes == hash_list{2});
    CHECK(walked.rest(text) == R"({"tok\u0065ns":[],"\u0068ashes":[]})");
  }

  TEST_CASE("leaves lists alone that it cannot take") {
    for (const auto* text :
         {R"({"tokens":["1"]})", R"({"tokens":3})", R"({"tokens":null})",
          R"([{"tokens":[1]}])", R"({"a":{"tokens":[1]}})",
          R"({"tok\u0045ns":[1]})", R"({"a":"\"tokens\":[1]"})",
          R"({"a":"tokens"})", R"({"tokens")", R"({"tokens":)", R"("tokens)",
          "", "\\", "\"\\"}) {
      const auto walked = walk_json(text);
      CHECK_MESSAGE(!walked.tokens, text);
      CHECK(walked.rest(text) == text);
      CHECK((walked.how_far == progress::partial ||
             walked.how_far == progress::complete));
    }
  }

  TEST_CASE("leaves everything unusual to a parser") {
    for (const auto* text : {R"({"tokens":["1"]})",
                             R"({"tokens":[1.0]})",
                             R"({"tokens":[-1]})",
                             R"({"tokens":[4294967296]})",
                             R"({"tokens":null})",
                             R"({"tokens":[1],"other":2})",
                             R"({"tokens":[1],"model":3})",
                             R"({"tokens":[1],"model":"\u0061"})",
                             "{\"tokens\":[1],\"model\":\"\xC3\xA4\"}",
                             R"({"tok\u0065ns":[1]})",
                             R"({"hashes":[18446744073709551616]})",
                             R"({"hashes":[-9223372036854775809]})",
                             R"({"hashes":["1"]})",
                             R"({"hashes":[1.0]})",
                             R"({"hashes":[01]})",
                             R"({"hashes":[-01]})",
                             R"({"hashes":[-]})",
                             R"({"hashes":[1,]})",
                             R"({"hashes":[1 2]})",
                             R"({"hashes":[1)",
                             "[]",
                             "{}",
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
                             R"({"model":"m)",
                             R"({"model":"m\)",
                             R"({"model":"m",})",
                             R"({"model" "m"})",
                             R"({"tokens":[1]"model":""})"})
      CHECK_MESSAGE(progress_of(text) == progress::partial, text);
  }

  TEST_CASE("stops where the nesting is beyond any use") {
    CHECK(progress_of(std::string(100, '[')) == progress::partial);
    CHECK(progress_of(std::string(101, '[')) == progress::too_deep);
    CHECK(progress_of('"' + std::string(101, '[')) == progress::partial);
    CHECK(progress_of(R"({"a":)" + std::string(99, '[')) == progress::partial);
    CHECK(progress_of(R"({"a":)" + std::string(100, '[')) ==
          progress::too_deep);
    CHECK(progress_of(list(200, "[]")) == progress::partial);
  }

  TEST_CASE("stops where there are more elements than anybody needs") {
    // One for the object, one for the list, one for each comma.
    constexpr auto most = walked_json::max_elements;
    CHECK(most == 262'144);
    const auto in_object = [](const std::string& name, const std::string& x) {
      return R"({")" + name + R"(":)" + x + '}';
    };
    CHECK(progress_of(in_object("a", list(most - 1, "1"))) ==
          progress::partial);
    CHECK(progress_of(in_object("a", list(most, "1"))) == progress::too_long);
    CHECK(progress_of(in_object("tokens", list(most, "-1"))) ==
          progress::too_long);
    CHECK(progress_of(in_object("tokens", list(most, "1"))) ==
          progress::complete);
    CHECK(progress_of(in_object("hashes", list(most, "-1"))) ==
          progress::complete);
    CHECK(progress_of(list(most / 2, "{}")) == progress::partial);
    CHECK(progress_of(list(most / 2 + 1, "{}")) == progress::too_long);
    CHECK(progress_of('"' + std::string(most + 1, ',') + '"') ==
          progress::partial);
    std::string fields = R"({"a":"b")";
    for (std::size_t i = 1; i < most; ++i)
      fields += R"(,"a":"b")";
    CHECK(progress_of(fields + '}') == progress::complete);
    CHECK(progress_of(fields + R"(,"a":"b"})") == progress::too_long);
    CHECK(progress_of(fields + ",}") == progress::too_long);
  }
}
