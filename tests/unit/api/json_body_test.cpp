#include "net/api/json_body.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace kvc;
using namespace std::chrono_literals;
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

json only(json location, const char* message, const char* type, json input) {
  return json::array({{{"loc", std::move(location)},
                       {"msg", message},
                       {"type", type},
                       {"input", std::move(input)}}});
}

/// Whether this is all that is wrong with [7, `value`] as tokens.
bool is_refused(const std::string& value, const char* message,
                const char* type) {
  const auto text = R"({"tokens":[7,)" + value + "]}";
  json_body body{text};
  body.tokens();
  return details(body) == only(json::array({"body", "tokens", 1}), message,
                               type, json::parse(value));
}

std::uint32_t token(const std::string& value) {
  const auto text = R"({"tokens":[)" + value + "]}";
  json_body body{text};
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
      body.optional_string("a");
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
    CHECK(body.optional_string("a") == "x");
    CHECK(body.optional_string("b") == std::nullopt);
    const auto tokens = body.tokens();
    CHECK(std::vector(tokens.begin(), tokens.end()) ==
          std::vector<std::uint32_t>{2, 3});
    CHECK(body.optional_integers("ids") == std::vector<std::uint32_t>{4});
    CHECK_FALSE(body.refusal());
  }

  TEST_CASE("takes null for absent where a field is optional") {
    const std::array<std::string_view, 1> choices{"x"};
    const auto text = R"({"a":null,"tokens":null,"hashes":null})";
    json_body body{text};
    CHECK(body.optional_string("a") == std::nullopt);
    CHECK(body.optional_integers("a") == std::nullopt);
    CHECK(body.optional_seconds("a", 1h) == std::nullopt);
    CHECK(body.optional_choice("a", choices) == std::nullopt);
    CHECK(body.bool_or("a", true));
    CHECK_FALSE(body.optional_tokens());
    CHECK_FALSE(body.optional_hashes());
    CHECK_FALSE(body.refusal());
    body.string("a");
    CHECK(details(body) == only(json::array({"body", "a"}),
                                "Input should be a valid string", "string_type",
                                nullptr));
  }

  TEST_CASE("takes the last of equal names, however they are written") {
    const auto tokens_in = [](std::string_view text) {
      json_body body{text};
      const auto tokens = body.tokens();
      CHECK_FALSE(body.refusal());
      return std::vector(tokens.begin(), tokens.end());
    };
    using list = std::vector<std::uint32_t>;
    CHECK(tokens_in(R"({"tokens":[1],"tok\u0065ns":[2]})") == list{2});
    CHECK(tokens_in(R"({"tok\u0065ns":[1],"tokens":[2]})") == list{2});
    CHECK(tokens_in(R"({"tokens":[1],"\u0074okens":["2"]})") == list{2});
    CHECK(tokens_in(R"({"tokens":["1"],"token\u0073":[2]})") == list{2});
    CHECK(tokens_in(R"({"tokens":[1],"tok\u0045ns":[2]})") == list{1});
    CHECK(tokens_in(R"({"tokens":[1],"tokens\u0000":[2]})") == list{1});
    const auto text = R"({"hashes":[1],"h\u0061sh\u0065s":[-2],"a":"x",)"
                      R"("\u0061":"y"})";
    json_body body{text};
    CHECK(*body.optional_hashes() == std::vector{UINT64_MAX - 1});
    CHECK(body.string("a") == "y");
    const auto none = R"({"tokens":[1],"tok\u0065ns":null})";
    CHECK_FALSE(json_body{none}.optional_tokens());
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
    CHECK(is_refused("\"x\"", unparsable, "int_parsing"));
    CHECK(is_refused("\"\"", unparsable, "int_parsing"));
    CHECK(is_refused("\"-\"", unparsable, "int_parsing"));
    CHECK(is_refused("\"1.\"", unparsable, "int_parsing"));
    CHECK(is_refused("\"1.5\"", unparsable, "int_parsing"));
    CHECK(is_refused("\"1 2\"", unparsable, "int_parsing"));
    CHECK(is_refused("3.5", fractional, "int_from_float"));
    CHECK(is_refused("null", not_an_integer, "int_type"));
    CHECK(is_refused("[1]", not_an_integer, "int_type"));
    CHECK(is_refused("{}", not_an_integer, "int_type"));
    CHECK(is_refused("-1", too_small, "greater_than_equal"));
    CHECK(is_refused("-1.0", too_small, "greater_than_equal"));
    CHECK(is_refused("\"-1\"", too_small, "greater_than_equal"));
    CHECK(is_refused("4294967296", too_large, "less_than_equal"));
    CHECK(is_refused("1e30", too_large, "less_than_equal"));
    CHECK(is_refused("99999999999999999999", too_large, "less_than_equal"));
    CHECK(is_refused("\"4294967296\"", too_large, "less_than_equal"));
  }

  TEST_CASE("lists all complaints, up to a hundred") {
    const auto text = R"({"tokens":["a",1,"b"],"name":5})";
    json_body body{text};
    body.tokens();
    body.string("name");
    body.string("other");
    const auto complaints = details(body);
    REQUIRE(complaints.size() == 4);
    CHECK(complaints[0]["loc"] == json::array({"body", "tokens", 0}));
    CHECK(complaints[1]["loc"] == json::array({"body", "tokens", 2}));
    CHECK(complaints[2]["type"] == "string_type");
    CHECK(complaints[3] == only(json::array({"body", "other"}),
                                "Field required", "missing",
                                json::parse(text))[0]);

    std::string many = R"({"tokens":[null)";
    for (int i = 0; i < 1000; ++i)
      many += ",null";
    many += "]}";
    json_body flood{many};
    flood.tokens();
    CHECK(details(flood).size() == 100);
  }

  TEST_CASE("wants lists where lists belong") {
    json_body body{R"({"tokens":"12","ids":3})"};
    CHECK(body.tokens().empty());
    CHECK(body.optional_integers("ids")->empty());
    CHECK(details(body)[0] == only(json::array({"body", "tokens"}),
                                   "Input should be a valid list", "list_type",
                                   "12")[0]);
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
      CHECK(complaints[0]["input"] == json::object());
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

  TEST_CASE("answers 400 to whatever is behind the JSON, also behind a NUL") {
    for (const std::string_view text :
         {R"({"tokens":[1]})", R"({"tokens":[1],"x":[]})", "[]"})
      for (const auto rest :
           {std::string_view{"\0", 1}, std::string_view{"\0x", 2},
            std::string_view{" \0\n", 3}, std::string_view{"x"},
            std::string_view{"{}"}}) {
        const auto whole = std::string{text} + std::string{rest};
        CAPTURE(whole);
        CHECK(details(json_body{whole}, 400)[0]["type"] == "json_invalid");
      }
    const std::string_view inside{"{\"x\":1,\0\"tokens\":[1]}", 21};
    CHECK(details(json_body{inside}, 400)[0]["loc"] ==
          json::array({"body", 8}));
  }

  TEST_CASE("reads seconds in LMCache's forms") {
    const auto read = [](const std::string& value) {
      const auto text = R"({"s":)" + value + "}";
      json_body body{text};
      const auto result = body.optional_seconds("s", 1h);
      CHECK_FALSE(body.refusal());
      return result;
    };
    CHECK(read("5") == 5s);
    CHECK(read("3.0") == 3s);
    CHECK(read("\"5\"") == 5s);
    CHECK(read("\" +1.5 \"") == 1500ms);
    CHECK(read("\"2e1\"") == 20s);
    CHECK(read("\".5\"") == 500ms);
    CHECK(read("true") == 1s);
    CHECK(read("0.0001") == 1ms);
    CHECK(read("3600") == 1h);
    const auto type = [](const std::string& value) {
      const auto text = R"({"s":)" + value + "}";
      json_body body{text};
      CHECK_FALSE(body.optional_seconds("s", 1h));
      const auto complaint = details(body).at(0);
      CHECK(complaint["input"] == json::parse(value));
      return complaint["type"];
    };
    CHECK(type("\"x\"") == "float_parsing");
    CHECK(type("\"5s\"") == "float_parsing");
    CHECK(type("\"+-5\"") == "float_parsing");
    CHECK(type("\"0x10\"") == "float_parsing");
    CHECK(type("\"\"") == "float_parsing");
    CHECK(type("\"inf\"") == "finite_number");
    CHECK(type("\"nan\"") == "finite_number");
    CHECK(type("[5]") == "float_type");
    CHECK(type("\"0\"") == "greater_than");
    CHECK(type("false") == "greater_than");
    CHECK(type("-1") == "greater_than");
    CHECK(type("\"3600.1\"") == "less_than_equal");
  }

  TEST_CASE("reads truth values in LMCache's forms") {
    const auto read = [](const std::string& value, bool fallback) {
      const auto text = R"({"b":)" + value + "}";
      json_body body{text};
      const auto result = body.bool_or("b", fallback);
      CHECK_FALSE(body.refusal());
      return result;
    };
    for (const auto* yes : {"true", "1", "1.0", "\"1\"", "\"Yes\"", "\"ON\"",
                            "\"t\"", "\"y\"", "\"true\""})
      CHECK_MESSAGE(read(yes, false), yes);
    for (const auto* no : {"false", "0", "-0.0", "\"0\"", "\"no\"", "\"Off\"",
                           "\"F\"", "\"n\"", "\"FALSE\""})
      CHECK_MESSAGE(!read(no, true), no);
    const auto type = [](const std::string& value) {
      const auto text = R"({"b":)" + value + "}";
      json_body body{text};
      body.bool_or("b", false);
      return details(body).at(0)["type"];
    };
    for (const auto* other :
         {"2", "-1", "2.0", "\"\"", "\" true\"", "\"truer\""})
      CHECK_MESSAGE(type(other) == "bool_parsing", other);
    for (const auto* other : {"[]", "{}", "1.5"})
      CHECK_MESSAGE(type(other) == "bool_type", other);
  }

  TEST_CASE("repeats what is wrong up to a kilobyte") {
    const auto repeats = [](const std::string& value) {
      const auto text = R"({"a":)" + value + "}";
      json_body body{text};
      body.string("a");
      const auto complaint = details(body).at(0);
      CHECK(complaint["type"] == "string_type");
      return complaint.contains("input");
    };
    const auto list = [](std::size_t length) {
      std::string result = "[1";
      for (std::size_t i = 1; i < length; ++i)
        result += ",1";
      return result + ']';
    };
    CHECK(repeats(list(300)));
    CHECK_FALSE(repeats(list(600)));
    CHECK_FALSE(repeats(R"({"x":[")" + std::string(1'024, 'x') + R"("]})"));
    CHECK_FALSE(repeats(R"({")" + std::string(1'024, 'x') + R"(":1})"));
    const auto long_text = R"({"a":")" + std::string(1'024, 'x') + R"("})";
    json_body body{long_text};
    body.string("b");
    body.optional_seconds("a", 1h);
    CHECK_FALSE(details(body).at(0).contains("input"));
    CHECK_FALSE(details(body).at(1).contains("input"));
  }

  TEST_CASE("answers 422 to JSON that is not an object") {
    for (const auto* text : {"[]", "3", "null", "\"x\""}) {
      json_body body{text};
      body.string("a");
      CHECK(details(body) == only(json::array({"body"}),
                                  "Input should be a valid dictionary or "
                                  "object to extract fields from",
                                  "model_attributes_type", json::parse(text)));
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
    const auto text = R"({"x":)" + list(longest + 1, "1") + "}";
    json_body body{text};
    body.string("y");
    CHECK(details(body, 413) ==
          "more than 262144 JSON elements; only `tokens` and `hashes` may have "
          "more, in plain digits");
    CHECK(details(json_body{list(longest, "{}")}, 413).is_string());
    CHECK(details(json_body{R"({"tokens":)" + list(longest + 1, "\"1\"") + "}"},
                  413)
            .is_string());
    const auto million = list(1'000'000, "7");
    const auto longer =
      R"({"tokens":)" + million + R"(,"hashes":)" + million + R"(,"x":{}})";
    json_body prompt{longer};
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
