#include "net/http/router.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <stdexcept>

using namespace kvc;

namespace {

struct router_fixture {
  router table;

  router_fixture() {
    table.add(
      {.path = "/thing",
       .summary = "Shows it.",
       .parameters = {"id"},
       .handler = [](const http_request& request, const responder& respond) {
         respond({.body = "got " + std::string{request.query}});
       }});
    table.add(
      {.method = http_method::post,
       .path = "/thing",
       .summary = "Changes it.",
       .handler = [](const http_request& request, const responder& respond) {
         respond({.body = "posted " + std::string{request.body}});
       }});
    table.add({.method = http_method::post,
               .path = "/throws",
               .handler = [](const http_request&, const responder&) {
                 throw std::runtime_error{"no"};
               }});
    table.add({.path = "/silent",
               .handler = [](const http_request&, const responder&) {}});
  }

  http_response ask(const http_request& request) const {
    http_response result{.status = 0};
    table.dispatch(
      table.find(request), request,
      responder{[&](http_response response) { result = std::move(response); }});
    return result;
  }

  unsigned post_status(std::string_view content_type) const {
    return ask(
             {.method = "POST", .path = "/thing", .content_type = content_type})
      .status;
  }
};

}  // namespace

TEST_SUITE("router") {
  TEST_CASE_FIXTURE(router_fixture, "runs the handler of method and path") {
    CHECK(ask({.method = "GET", .path = "/thing", .query = "a=1"}).body ==
          "got a=1");
    CHECK(ask({.method = "HEAD", .path = "/thing"}).body == "got ");
    CHECK(ask({.method = "POST", .path = "/thing", .body = "{}"}).body ==
          "posted {}");
  }

  TEST_CASE_FIXTURE(router_fixture, "answers 404 to unknown paths") {
    for (const auto* path : {"/", "", "/thing/", "/things", "*"}) {
      const auto response = ask({.method = "GET", .path = path});
      CHECK(response.status == 404);
      CHECK(response.body == R"({"detail":"Not Found"})");
    }
  }

  TEST_CASE_FIXTURE(router_fixture, "answers 405 and what is allowed") {
    const auto both = ask({.method = "DELETE", .path = "/thing"});
    CHECK(both.status == 405);
    CHECK(both.body == R"({"detail":"Method Not Allowed"})");
    REQUIRE(both.headers.size() == 1);
    CHECK(both.headers[0].first == "Allow");
    CHECK(both.headers[0].second == "GET, HEAD, POST");
    const auto post = ask({.method = "GET", .path = "/throws"});
    CHECK(post.status == 405);
    CHECK(post.headers.at(0).second == "POST");
  }

  TEST_CASE_FIXTURE(router_fixture, "takes JSON or no content type") {
    CHECK(post_status("") == 200);
    CHECK(post_status("application/json") == 200);
    CHECK(post_status("Application/JSON ; charset=utf-8") == 200);
    CHECK(post_status("application/vnd.api+json") == 200);
    CHECK(post_status("text/plain") == 415);
    CHECK(post_status("application/jsonp") == 415);
    CHECK(post_status("text/json") == 415);
    CHECK(post_status("application/octet-stream") == 415);
    CHECK(ask({.method = "GET", .path = "/thing", .content_type = "text/plain"})
            .status == 200);
  }

  TEST_CASE_FIXTURE(router_fixture, "answers 500 for handlers that fail") {
    CHECK(ask({.method = "POST", .path = "/throws"}).status == 500);
    CHECK(ask({.method = "GET", .path = "/silent"}).status == 500);
  }

  TEST_CASE_FIXTURE(router_fixture, "describes its routes") {
    const auto document =
      nlohmann::json::parse(openapi_document(table.routes()));
    CHECK(document["openapi"] == "3.1.0");
    const auto& thing = document["paths"]["/thing"];
    CHECK(thing["get"]["summary"] == "Shows it.");
    CHECK(thing["get"]["parameters"][0]["name"] == "id");
    CHECK(thing["post"]["summary"] == "Changes it.");
    CHECK(thing["post"]["requestBody"]["required"] == true);
    CHECK(document["paths"].size() == 3);
  }
}
