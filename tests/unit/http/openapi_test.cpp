#include "net/http/openapi.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace kvc;
using nlohmann::json;

namespace {

const auto thing =
  schema::object({{"size", schema::integer(9, -1), "How large."}}, "Thing");

json describe(route entry) {
  return json::parse(openapi_document({&entry, 1}));
}

json shape_of(schema shape) {
  const auto document = describe({.path = "/x", .answer = std::move(shape)});
  return document["paths"]["/x"]["get"]["responses"]["200"]["content"]
                 ["application/json"]["schema"];
}

}  // namespace

TEST_SUITE("openapi") {
  TEST_CASE("describes each method of a path") {
    const std::vector<route> routes{
      {.path = "/a/{id}", .summary = "Shows."},
      {.method = http_method::post, .path = "/a/{id}", .summary = "Adds."},
      {.method = http_method::put, .path = "/a/{id}", .summary = "Changes."},
      {.method = http_method::remove, .path = "/a/{id}", .summary = "Drops."},
      {.path = "/"}};
    const auto document = json::parse(openapi_document(routes));
    CHECK(document["openapi"] == "3.1.0");
    CHECK(document["paths"].size() == 2);
    const auto& path = document["paths"]["/a/{id}"];
    CHECK(path.size() == 4);
    CHECK(path["get"]["summary"] == "Shows.");
    CHECK(path["get"]["operationId"] == "get_a_id");
    CHECK(path["post"]["summary"] == "Adds.");
    CHECK(path["put"]["operationId"] == "put_a_id");
    CHECK(path["delete"]["operationId"] == "delete_a_id");
    CHECK(path["post"]["requestBody"]["required"] == true);
    CHECK(path["put"].contains("requestBody"));
    CHECK_FALSE(path["get"].contains("requestBody"));
    CHECK_FALSE(path["delete"].contains("requestBody"));
    CHECK(document["paths"]["/"]["get"]["operationId"] == "get");
  }

  TEST_CASE("describes parameters") {
    const auto document = describe(
      {.path = "/a/{id}",
       .parameters = {{"id", schema::text(), "Its name."}},
       .query = {optional_field("n", schema::integer(5), "Of them.")}});
    CHECK(
      document["paths"]["/a/{id}"]["get"]["parameters"] ==
      json::array(
        {{{"name", "id"},
          {"in", "path"},
          {"description", "Its name."},
          {"required", true},
          {"schema", {{"type", "string"}}}},
         {{"name", "n"},
          {"in", "query"},
          {"description", "Of them."},
          {"required", false},
          {"schema", {{"type", "integer"}, {"minimum", 0}, {"maximum", 5}}}}}));
  }

  TEST_CASE("describes the fields of a body") {
    const auto document = describe(
      {.method = http_method::post,
       .path = "/a",
       .body = {{"name", schema::text(), "Its name."},
                optional_field("things", schema::list(thing), "Its things.")},
       .takes_binary = true});
    const auto& content =
      document["paths"]["/a"]["post"]["requestBody"]["content"];
    CHECK(content["application/octet-stream"]["schema"] ==
          json{{"type", "string"}, {"format", "binary"}});
    CHECK(content["application/json"]["schema"] ==
          json{{"type", "object"},
               {"required", {"name"}},
               {"properties",
                {{"name", {{"type", "string"}, {"description", "Its name."}}},
                 {"things",
                  {{"type", "array"},
                   {"items", {{"$ref", "#/components/schemas/Thing"}}},
                   {"description", "Its things."}}}}}});
    CHECK(document["components"]["schemas"]["Thing"] ==
          json{{"type", "object"},
               {"required", {"size"}},
               {"properties",
                {{"size",
                  {{"type", "integer"},
                   {"minimum", -1},
                   {"maximum", 9},
                   {"description", "How large."}}}}}});
  }

  TEST_CASE("describes every kind of shape") {
    CHECK(shape_of(schema::any()) == json::object());
    CHECK(shape_of(schema::number()) == json{{"type", "number"}});
    CHECK(shape_of(schema::boolean().or_null()) ==
          json{{"type", {"boolean", "null"}}});
    CHECK(shape_of(schema::integer(schema::no_maximum, schema::no_minimum)) ==
          json{{"type", "integer"}});
    CHECK(shape_of(schema::choice({"a", "b"})) ==
          json{{"type", "string"}, {"enum", {"a", "b"}}});
    CHECK(shape_of(schema::choice({"a"}).or_null()) ==
          json{{"anyOf",
                {{{"type", "string"}, {"enum", {"a"}}}, {{"type", "null"}}}}});
    CHECK(shape_of(schema::tuple({schema::text(), schema::number()})) ==
          json{{"type", "array"},
               {"prefixItems", {{{"type", "string"}}, {{"type", "number"}}}},
               {"minItems", 2},
               {"maxItems", 2}});
    CHECK(
      shape_of(schema::map(schema::text())) ==
      json{{"type", "object"}, {"additionalProperties", {{"type", "string"}}}});
    CHECK(
      shape_of(thing.or_null()) ==
      json{{"anyOf",
            {{{"$ref", "#/components/schemas/Thing"}}, {{"type", "null"}}}}});
    CHECK(
      shape_of(schema::any_of({schema::text(), thing})) ==
      json{{"anyOf",
            {{{"type", "string"}}, {{"$ref", "#/components/schemas/Thing"}}}}});
  }

  TEST_CASE("describes the usual errors beside a route's own") {
    const auto statuses = [](const route& entry) {
      std::vector<unsigned> result;
      for (const auto& each : answers_of(entry))
        result.push_back(each.status);
      return result;
    };
    CHECK(statuses({.path = "/a"}) == std::vector{200U, 503U, 504U});
    CHECK(statuses({.path = "/a", .query = {{"b", schema::text(), ""}}}) ==
          std::vector{200U, 422U, 503U, 504U});
    CHECK(statuses({.method = http_method::post,
                    .path = "/a",
                    .body = {{"b", schema::text(), ""}}}) ==
          std::vector{200U, 400U, 413U, 415U, 422U, 503U, 504U});
    CHECK(
      statuses(
        {.method = http_method::remove, .path = "/a", .changes_state = true}) ==
      std::vector{200U, 403U, 503U, 504U});
    const route own{.path = "/a", .others = {{504, "Late."}, {404, "Away."}}};
    CHECK(statuses(own) == std::vector{200U, 404U, 503U, 504U});
    CHECK(answers_of(own)[3].description == "Late.");
    CHECK(describe(own)["paths"]["/a"]["get"]["responses"]["404"] ==
          json{{"description", "Away."},
               {"content",
                {{"application/json",
                  {{"schema", {{"$ref", "#/components/schemas/Error"}}}}}}}});
  }
}
