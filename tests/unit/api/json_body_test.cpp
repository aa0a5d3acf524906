#include "net/api/json_body.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using nlohmann::json;

namespace {

const char* const not_an_integer = "Input should be a valid integer";
const char* const unparsable =
  "Input should be a valid integer, unable to parse string as an integer";
const char* const fractional =
  "Input should be a valid integer, got a number with a fractional part";
const char* const too_small = "Input should be greater than or equal to 0";
const char* const too_large =
  "Input should be less than or equal to 4294967295";

json details(const json_body& body, unsigned status = 422) {
  const auto response = body.refusal();
  REQUIRE(response);
  CHECK(response->status == status);
  return json::parse(response->body)["detail"];
}

json only(json location, const char* message, const char* type) {
  return json::array(
    {{{"loc", std::move(location)}, {"msg", message}, {"type", type}}});
}

/// What is wrong with [7, `value`] as tokens.
json token_details(const std::string& value) {
  json_body body{R"({"tokens":[7,)" + value + "]}"};
  body.tokens();
  return details(body);
}

json at_token(const char* message, const char* type) {
  return only(json::array({"body", "tokens", 1}), message, type);
}

std::uint32_t token(const std::string& value) {
  json_body body{R"({"tokens":[)" + value + "]}"};
  const auto tokens = body.tokens();
  REQUIRE_FALSE(body.refusal());
  REQUIRE(tokens.size() == 1);
  return tokens[0];
}

}  // namespace

TEST_SUITE("json_body") {
  TEST_CASE("asks for time where a large body needs a parser") {
    const std::string padding(70'000, 'x');
    const auto refusal_of = [](const std::string& text, bool may_take_long) {
      json_body body{
        http_request{.body = text, .may_take_long = may_take_long}};
      body.string_or("a", "");
      return body.refusal();
    };
    const auto hard = R"({"a":"b","more":[")" + padding + "\"]}";
    const auto again = refusal_of(hard, false);
    REQUIRE(again);
    CHECK(is_again_elsewhere(*again));
    CHECK_FALSE(refusal_of(hard, true));
    CHECK_FALSE(refusal_of(R"({"a":"b","more":["x"]})", false));
    const auto easy = R"({"a":"b","more":")" + padding + "\"}";
    CHECK_FALSE(refusal_of(easy, false));
    const auto flood = "{\"a\":[" + std::string(262'144, ',') + "]}";
    REQUIRE(refusal_of(flood, false));
    CHECK(refusal_of(flood, false)->status == 413);
  }

  TEST_CASE("reads fields, ignores unknown ones, takes the last of equals") {
    json_body body{
      R"({"a":"x","more":[{}],"tokens":[1],"tokens":[2,3],"ids":[4]})"};
    CHECK(body.string("a") == "x");
    CHECK(body.string_or("b", "default") == "default");
    const auto tokens = body.tokens();
    CHECK(std::vector(tokens.begin(), tokens.end()) ==
          std::vector<std::uint32_t>{2, 3});
    CHECK(body.optional_integers("ids") == std::vector<std::uint32_t>{4});
    CHECK_FALSE(body.refusal());
  }

  TEST_CASE("takes null for an absent optional list, not for a string") {
    json_body body{R"({"ids":null,"model":null})"};
    CHECK(body.optional_integers("ids") == std::nullopt);
    CHECK(body.optional_integers("others") == std::nullopt);
    CHECK(body.string_or("model", "x").empty());
    CHECK(details(body) == only(json::array({"body", "model"}),
                                "Input should be a valid string",
                                "string_type"));
  }

  TEST_CASE("accepts integers as LMCache does") {
    CHECK(token("0") == 0);
    CHECK(token("-0") == 0);
    CHECK(token("4294967295") == 4294967295U);
    CHECK(token("3.0") == 3);
    CHECK(token("1e3") == 1000);
    CHECK(token("\"12\"") == 12);
    CHECK(token("\" +12\\t\"") == 12);
    CHECK(token("\"12.00\"") == 12);
    CHECK(token("\"-0\"") == 0);
    CHECK(token("true") == 1);
    CHECK(token("false") == 0);
  }

  TEST_CASE("names what is wrong with a token, and which one") {
    CHECK(token_details("\"x\"") == at_token(unparsable, "int_parsing"));
    CHECK(token_details("\"\"") == at_token(unparsable, "int_parsing"));
    CHECK(token_details("\"-\"") == at_token(unparsable, "int_parsing"));
    CHECK(token_details("\"1.\"") == at_token(unparsable, "int_parsing"));
    CHECK(token_details("\"1.5\"") == at_token(unparsable, "int_parsing"));
    CHECK(token_details("\"1 2\"") == at_token(unparsable, "int_parsing"));
    CHECK(token_details("3.5") == at_token(fractional, "int_from_float"));
    CHECK(token_details("null") == at_token(not_an_integer, "int_type"));
    CHECK(token_details("[1]") == at_token(not_an_integer, "int_type"));
    CHECK(token_details("{}") == at_token(not_an_integer, "int_type"));
    CHECK(token_details("-1") == at_token(too_small, "greater_than_equal"));
    CHECK(token_details("-1.0") == at_token(too_small, "greater_than_equal"));
    CHECK(token_details("\"-1\"") == at_token(too_small, "greater_than_equal"));
    CHECK(token_details("4294967296") ==
          at_token(too_large, "less_than_equal"));
    CHECK(token_details("1e30") == at_token(too_large, "less_than_equal"));
    CHECK(token_details("99999999999999999999") ==
          at_token(too_large, "less_than_equal"));
    CHECK(token_details("\"4294967296\"") ==
          at_token(too_large, "less_than_equal"));
  }

  TEST_CASE("lists all complaints, up to a hundred") {
    json_body body{R"({"tokens":["a",1,"b"],"name":5})"};
    body.tokens();
    body.string("name");
    body.string("other");
    const auto complaints = details(body);
    REQUIRE(complaints.size() == 4);
    CHECK(complaints[0]["loc"] == json::array({"body", "tokens", 0}));
    CHECK(complaints[1]["loc"] == json::array({"body", "tokens", 2}));
    CHECK(complaints[2]["type"] == "string_type");
    CHECK(complaints[3] ==
          only(json::array({"body", "other"}), "Field required", "missing")[0]);

    std::string many = R"({"tokens":[null)";
    for (int i = 0; i < 1000; ++i)
      many += ",null";
    json_body flood{many + "]}"};
    flood.tokens();
    CHECK(details(flood).size() == 100);
  }

  TEST_CASE("wants lists where lists belong") {
    json_body body{R"({"tokens":"12","ids":3})"};
    CHECK(body.tokens().empty());
    CHECK(body.optional_integers("ids")->empty());
    CHECK(details(body)[0] == only(json::array({"body", "tokens"}),
                                   "Input should be a valid list",
                                   "list_type")[0]);
    CHECK(details(body)[1]["loc"] == json::array({"body", "ids"}));
  }

  TEST_CASE("answers 400 to what is not JSON, with the position") {
    for (const auto* text :
         {"", "{", "tokens=1", "{\"a\":1}x", "{\"a\":1,}", "\"\xFF\"", "nul"}) {
      json_body body{text};
      body.string("a");
      const auto complaints = details(body, 400);
      REQUIRE(complaints.size() == 1);
      CHECK(complaints[0]["type"] == "json_invalid");
      CHECK(complaints[0]["msg"] == "JSON decode error");
    }
    CHECK(details(json_body{R"({"tokens":[1,2,3})"}, 400)[0]["loc"] ==
          json::array({"body", 17}));
    CHECK(details(json_body{R"({"tokens":[1,2,3], "hashes":[4,5],})"},
                  400)[0]["loc"] == json::array({"body", 35}));
    CHECK(details(json_body{R"({"a":nul,"tokens":[1,2,3]})"}, 400)[0]["loc"] ==
          json::array({"body", 9}));
    CHECK(details(json_body{R"({"a":1e999})"}, 400)[0]["type"] ==
          "json_invalid");
  }

  TEST_CASE("answers 422 to JSON that is not an object") {
    for (const auto* text : {"[]", "3", "null", "\"x\""}) {
      json_body body{text};
      body.string("a");
      CHECK(details(body) == only(json::array({"body"}),
                                  "Input should be a valid dictionary or "
                                  "object to extract fields from",
                                  "model_attributes_type"));
    }
  }

  TEST_CASE("refuses more elements than anybody needs, but for long lists") {
    const auto list = [](std::size_t length, const std::string& element) {
      std::string result = "[" + element;
      for (std::size_t i = 1; i < length; ++i)
        result += ',' + element;
      return result + ']';
    };
    const auto longest = walked_json::max_elements - 1;
    CHECK_FALSE(json_body{R"({"x":)" + list(longest, "1") + "}"}.refusal());
    json_body body{R"({"x":)" + list(longest + 1, "1") + "}"};
    body.string("y");
    CHECK(details(body, 413) ==
          "more than 262144 JSON elements; only `tokens` and `hashes` may have "
          "more, in plain digits");
    CHECK(details(json_body{list(longest, "{}")}, 413).is_string());
    CHECK(details(json_body{R"({"tokens":)" + list(longest + 1, "\"1\"") + "}"},
                  413)
            .is_string());
    const auto million = list(1'000'000, "7");
    json_body prompt{R"({"tokens":)" + million + R"(,"hashes":)" + million +
                     R"(,"x":{}})"};
    CHECK(prompt.tokens().size() == 1'000'000);
    CHECK(prompt.optional_hashes()->size() == 1'000'000);
    CHECK_FALSE(prompt.refusal());
  }

  TEST_CASE("refuses deep nesting, however deep, but not long strings of it") {
    const std::string deepest(1'000'000, '[');
    CHECK(details(json_body{deepest}, 400)[0]["msg"] ==
          "JSON is nested too deeply");
    const auto nested = [](std::size_t depth) {
      return R"({"x":)" + std::string(depth, '[') + std::string(depth, ']') +
             "}";
    };
    CHECK_FALSE(json_body{nested(99)}.refusal());
    CHECK(json_body{nested(100)}.refusal());
    const auto text = R"({"x":"\")" + std::string(1000, '[') + "\"}";
    CHECK_FALSE(json_body{text}.refusal());
  }
}
