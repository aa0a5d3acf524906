#include "net/api/lookup_body.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace kvc;
using nlohmann::json;

namespace {

using token_vector = std::vector<std::uint32_t>;
using hash_list = std::vector<std::uint64_t>;

token_vector tokens_of(const lookup_body& body) {
  return {body.tokens.begin(), body.tokens.end()};
}

lookup_body read(const http_request& request) {
  auto result = read_lookup(request);
  REQUIRE(std::holds_alternative<lookup_body>(result));
  return std::get<lookup_body>(std::move(result));
}

lookup_body read(std::string_view text) { return read({.body = text}); }

/// What is wrong with a request, which must be 422.
json complaints(const http_request& request) {
  const auto result = read_lookup(request);
  REQUIRE(std::holds_alternative<http_response>(result));
  const auto& response = std::get<http_response>(result);
  CHECK(response.status == 422);
  return json::parse(response.body)["detail"];
}

http_request binary(std::string_view body, std::string_view query = "") {
  return {
    .query = query, .content_type = "application/octet-stream", .body = body};
}

constexpr std::string_view three_tokens{"\1\0\0\0\0\1\2\0\xFF\xFF\xFF\xFF", 12};

}  // namespace

TEST_SUITE("lookup_body") {
  TEST_CASE("reads tokens and model in any order") {
    const auto body =
      read(R"( {"model":"m~", "tokens" : [1, 2,4294967295] } )");
    CHECK(tokens_of(body) == token_vector{1, 2, 4294967295U});
    CHECK_FALSE(body.hashes);
    CHECK(body.model == "m~");
    const auto empty = read(R"({"tokens":[]})");
    CHECK(empty.tokens.empty());
    CHECK(empty.model.empty());
  }

  TEST_CASE("reads hashes, signed or unsigned, instead of tokens") {
    const auto body = read(
      R"({"hashes": [1, -1,18446744073709551615 , -9223372036854775808,0]})");
    CHECK(*body.hashes == hash_list{1, UINT64_MAX, UINT64_MAX, 1ULL << 63U, 0});
    CHECK(body.tokens.empty());
    CHECK(read(R"({"hashes":[]})").hashes->empty());
  }

  TEST_CASE("takes the last of repeated fields") {
    const auto body =
      read(R"({"tokens":[1,2],"tokens":[3],"model":"a","model":""})");
    CHECK(tokens_of(body) == token_vector{3});
    CHECK(body.model.empty());
    CHECK(tokens_of(read(R"({"tokens":[1],"x":0,"tokens":["2"]})")) ==
          token_vector{2});
    CHECK(tokens_of(read(R"({"tokens":["1"],"tokens":[2]})")) ==
          token_vector{2});
    CHECK(read(R"({"model":"a","model":"\u0062","tokens":[]})").model == "b");
    CHECK(*read(R"({"tokens":[1],"tokens":null,"hashes":[2]})").hashes ==
          hash_list{2});
  }

  TEST_CASE("reads the unusual too, to the same end") {
    const auto body = read(R"({"tokens":["1", 2.0],"model":"m\u0061","x":{}})");
    CHECK(tokens_of(body) == token_vector{1, 2});
    CHECK(body.model == "ma");
    CHECK(*read(R"({"hashes":["-1",5],"tokens":null})").hashes ==
          hash_list{UINT64_MAX, 5});
    CHECK(tokens_of(read(R"({"hashes":null,"tokens":[5]})")) ==
          token_vector{5});
  }

  TEST_CASE("takes null for no model, and hashes in LMCache's forms") {
    CHECK(read(R"({"tokens":[1],"model":null})").model.empty());
    CHECK(*read(R"({"hashes":[" +12 ","3.0",-2.0,true,"-9223372036854775808",
                    9007199254740992.0]})")
             .hashes ==
          hash_list{12, 3, UINT64_MAX - 1, 1, 1ULL << 63U, 1ULL << 53U});
    for (const auto* wrong :
         {"9007199254740994.0", "1e30", "\"1 2\"", "null",
          "\"18446744073709551616\"", "\"-9223372036854775809\"", "[]"})
      CHECK_MESSAGE(complaints({.body = R"({"hashes":[)" + std::string{wrong} +
                                        "]}"})[0]["type"] == "int_type",
                    wrong);
  }

  TEST_CASE("reads the model of the query if the body names none") {
    const auto model = [](std::string_view body, std::string_view query) {
      return read(http_request{.query = query, .body = body}).model;
    };
    CHECK(model(R"({"tokens":[1]})", "model=a%20b") == "a b");
    CHECK(model(R"({"tokens":[1],"model":null})", "model=a") == "a");
    CHECK(model(R"({"tokens":[1],"model":"a"})", "model=a") == "a");
    CHECK(model(R"({"tokens":[1],"model":"a"})", "") == "a");
    CHECK(complaints(
            {.query = "model=b", .body = R"({"tokens":[],"model":"a"})"}) ==
          json::parse(R"([{"loc":["body","model"],
            "msg":"The query names another model","type":"value_error",
            "input":{"tokens":[],"model":"a"}}])"));
    CHECK(
      complaints({.query = "model=b", .body = R"({"tokens":[],"model":""})"})
        .size() == 1);
  }

  TEST_CASE("wants tokens or hashes, and not both") {
    CHECK(complaints({.body = R"({"tokens":[1],"hashes":[2]})"}) ==
          json::parse(R"([{"loc":["body","hashes"],
            "msg":"Give either tokens or hashes","type":"value_error",
            "input":{"tokens":[1],"hashes":[2]}}])"));
    CHECK(complaints({.body = R"({"model":"m"})"})[0]["type"] == "missing");
    CHECK(complaints({.body = R"({"hashes":[1,2.5,"x"]})"}) ==
          json::parse(R"([{"loc":["body","hashes",1],
            "msg":"Input should be an integer of 64 bits","type":"int_type",
            "input":2.5},
            {"loc":["body","hashes",2],
            "msg":"Input should be an integer of 64 bits","type":"int_type",
            "input":"x"}])"));
    CHECK(complaints({.body = R"({"hashes":3})"})[0]["type"] == "list_type");
  }

  TEST_CASE("reads binary tokens, with the model in the query") {
    auto body = read(binary(three_tokens, "model=a%20b"));
    CHECK(tokens_of(body) == token_vector{1, 0x20100, 4294967295U});
    CHECK(body.model == "a b");
    // At an address that suits no integer.
    const auto shifted = "x" + std::string{three_tokens};
    body = read(binary(std::string_view{shifted}.substr(1)));
    CHECK(tokens_of(body) == token_vector{1, 0x20100, 4294967295U});
    CHECK(body.model.empty());
    CHECK(read(binary("")).tokens.empty());
  }

  TEST_CASE("refuses binary tokens that are cut off, and unknown options") {
    for (const std::size_t length : {1U, 2U, 3U, 5U, 11U})
      CHECK(complaints(binary(three_tokens.substr(0, length)))[0]["loc"] ==
            json::array({"body"}));
    const auto both =
      complaints(binary(three_tokens.substr(1), "model=m&chunks=3&model=n"));
    REQUIRE(both.size() == 2);
    CHECK(both[1]["loc"] == json::array({"query", "chunks"}));
    CHECK(both[1]["type"] == "extra_forbidden");
    CHECK(both[1]["input"] == "3");
    CHECK_FALSE(both[0].contains("input"));
  }
}
