#include "net/http/router.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace kvc;

namespace {

http_handler answering(const std::string& text) {
  return [text](const http_request&, const responder& respond) {
    respond({.body = text});
  };
}

/// Answers with a word and the path's `id`.
http_handler naming(const std::string& word) {
  return [word](const http_request& request, const responder& respond) {
    respond({.body = word + ' ' + request.path_parameter("id")});
  };
}

const std::vector<field> id_parameter{{"id", schema::text(), "Its name."}};

struct router_fixture {
  router table{{"https://kvc.example", "http://kvc.example:8080"}};

  router_fixture() {
    table.add(
      {.path = "/thing",
       .summary = "Shows it.",
       .query = {{"a", schema::text(), "Whatever."}},
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
               .path = "/change",
               .changes_state = true,
               .handler = answering("changed")});
    table.add({.method = http_method::post,
               .path = "/throws",
               .handler = [](const http_request&, const responder&) {
                 throw std::runtime_error{"no"};
               }});
    table.add({.path = "/silent",
               .handler = [](const http_request&, const responder&) {}});
    table.add({.path = "/instances/{id}",
               .parameters = id_parameter,
               .handler = naming("get")});
    table.add({.path = "/instances/usage", .handler = answering("usage")});
    table.add({.method = http_method::remove,
               .path = "/instances/{id}",
               .parameters = id_parameter,
               .handler = naming("delete")});
    table.add({.method = http_method::put,
               .path = "/instances/{id}/heartbeat",
               .parameters = id_parameter,
               .handler = naming("beat")});
  }

  http_response ask(const http_request& request) const {
    http_response result{.status = 0};
    table.dispatch(
      table.find(request), request,
      responder{[&](http_response response) { result = std::move(response); }});
    return result;
  }

  /// The status of what a page of `origin` gets that asks `host` for a change.
  unsigned change_status(std::string_view host, std::string_view origin) const {
    return ask({.method = "POST",
                .path = "/change",
                .host = host,
                .origin = origin,
                .content_type = "application/json"})
      .status;
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
    CHECK(ask({.method = "POST",
               .path = "/thing",
               .content_type = "application/json",
               .body = "{}"})
            .body == "posted {}");
  }

  TEST_CASE_FIXTURE(router_fixture, "answers 404 to unknown paths") {
    for (const auto* path : {"/", "", "//", "/things", "/things/", "//thing/",
                             "/instances/", "*"}) {
      const auto response = ask({.method = "GET", .path = path});
      CHECK(response.status == 404);
      CHECK(response.body == R"({"detail":"Not Found"})");
      CHECK(response.headers.empty());
    }
  }

  TEST_CASE_FIXTURE(router_fixture,
                    "redirects paths with slashes behind them") {
    const auto place_for = [&](std::string_view method, std::string_view path,
                               std::string_view query) {
      const auto response =
        ask({.method = method, .path = path, .query = query});
      CHECK(response.status == 307);
      REQUIRE(response.headers.size() == 1);
      CHECK(response.headers[0].first == "Location");
      return response.headers[0].second;
    };
    CHECK(place_for("GET", "/thing/", "") == "/thing");
    CHECK(place_for("POST", "/thing//", "a=%20b&c") == "/thing?a=%20b&c");
    CHECK(place_for("GET", "/throws/", "") == "/throws");
    CHECK(place_for("PATCH", "/th%69ng/", "") == "/th%69ng");
    CHECK(place_for("PUT", "/instances/a%2F/heartbeat/", "") ==
          "/instances/a%2F/heartbeat");
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
    const auto named = ask({.method = "POST", .path = "/instances/a"});
    CHECK(named.status == 405);
    CHECK(named.headers.at(0).second == "GET, HEAD, DELETE");
    const auto options =
      ask({.method = "OPTIONS", .path = "/instances/a/heartbeat"});
    CHECK(options.status == 405);
    CHECK(options.headers.at(0).second == "PUT");
  }

  TEST_CASE_FIXTURE(router_fixture, "finds a path that has escapes") {
    CHECK(ask({.method = "GET", .path = "/%74hin%67"}).body == "got ");
    CHECK(ask({.method = "GET", .path = "%2fthing"}).body == "got ");
    CHECK(ask({.method = "GET", .path = "/thing%"}).status == 404);
    CHECK(ask({.method = "PUT", .path = "/%74hing"}).status == 405);
  }

  TEST_CASE_FIXTURE(router_fixture, "hands over what stands for a parameter") {
    const auto get = [&](std::string_view path) {
      return ask({.method = "GET", .path = path}).body;
    };
    CHECK(get("/instances/a") == "get a");
    CHECK(get("/instances/a%20b%2Fc+d") == "get a b/c+d");
    CHECK(get("/instances/100%") == "get 100%");
    CHECK(get("/instances/{id}") == "get {id}");
    CHECK(get("/%69nstances/a") == "get a");
    CHECK(ask({.method = "HEAD", .path = "/instances/a"}).body == "get a");
    CHECK(ask({.method = "DELETE", .path = "/instances/a"}).body == "delete a");
    CHECK(ask({.method = "PUT",
               .path = "/instances/a/heartbeat",
               .content_type = "application/json"})
            .body == "beat a");
  }

  TEST_CASE_FIXTURE(router_fixture, "prefers a path without parameters") {
    CHECK(ask({.method = "GET", .path = "/instances/usage"}).body == "usage");
    CHECK(ask({.method = "GET", .path = "/instances/us%61ge"}).body == "usage");
    CHECK(ask({.method = "DELETE", .path = "/instances/usage"}).body ==
          "delete usage");
  }

  TEST_CASE_FIXTURE(router_fixture,
                    "finds no route for too few or many parts") {
    for (const auto* path :
         {"/instances", "/instances/", "/instances/a/b", "//heartbeat",
          "/instances//heartbeat", "/instances/a/heartbeats", "/instances%2Fa",
          "instances/a"})
      CHECK(ask({.method = "PUT", .path = path}).status == 404);
  }

  TEST_CASE_FIXTURE(router_fixture, "refuses parameters that name nothing") {
    const auto status = [&](const std::string& id) {
      return ask({.method = "GET", .path = "/instances/" + id}).status;
    };
    std::string escaped;
    for (int i = 0; i < 256; ++i)
      escaped += "%61";
    CHECK(status(std::string(256, 'a')) == 200);
    CHECK(status(escaped) == 200);
    CHECK(status(escaped + 'a') == 422);
    CHECK(status("a%00") == 422);
    CHECK(status("%7f") == 422);
    CHECK(ask({.method = "GET", .path = "/instances/%0a"}).body ==
          R"({"detail":"id in the path: at most 256 bytes, without control )"
          R"(characters"})");
  }

  TEST_CASE_FIXTURE(router_fixture, "takes JSON that says so") {
    CHECK(post_status("") == 415);
    CHECK(post_status("application/json") == 200);
    CHECK(post_status("Application/JSON ; charset=utf-8") == 200);
    CHECK(post_status("application/vnd.api+json") == 200);
    CHECK(post_status("text/plain") == 415);
    CHECK(post_status("text/plain;application/json") == 415);
    CHECK(post_status("application/x-www-form-urlencoded") == 415);
    CHECK(post_status("application/jsonp") == 415);
    CHECK(post_status("text/json") == 415);
    CHECK(post_status("application/octet-stream") == 415);
    CHECK(ask({.method = "GET", .path = "/thing", .content_type = "text/plain"})
            .status == 200);
    CHECK(ask({.method = "PUT",
               .path = "/instances/a/heartbeat",
               .content_type = "text/plain"})
            .status == 415);
    CHECK(ask({.method = "DELETE",
               .path = "/instances/a",
               .content_type = "text/plain"})
            .status == 200);
  }

  TEST_CASE_FIXTURE(router_fixture, "lets programs change state") {
    CHECK(ask({.method = "POST",
               .path = "/change",
               .host = "anything",
               .content_type = "application/json"})
            .body == "changed");
  }

  TEST_CASE_FIXTURE(router_fixture, "lets pages of its own address change") {
    CHECK(change_status("127.0.0.1:9000", "http://127.0.0.1:9000") == 200);
    CHECK(change_status("10.0.0.1", "http://10.0.0.1") == 200);
    CHECK(change_status("10.0.0.1:80", "http://10.0.0.1") == 200);
    CHECK(change_status("10.0.0.1:443", "https://10.0.0.1") == 200);
    CHECK(change_status("[::1]:9000", "http://[::1]:9000") == 200);
    CHECK(change_status("LocalHost:9000", "http://localhost:9000") == 200);
  }

  TEST_CASE_FIXTURE(router_fixture, "lets no other page change anything") {
    CHECK(change_status("127.0.0.1:9000", "http://127.0.0.1:9001") == 403);
    CHECK(change_status("127.0.0.1:9000", "http://127.0.0.2:9000") == 403);
    CHECK(change_status("127.0.0.1:9000", "http://localhost:9000") == 403);
    CHECK(change_status("127.0.0.1:9000", "https://127.0.0.1") == 403);
    CHECK(change_status("127.0.0.1:9000", "https://evil.example") == 403);
    CHECK(change_status("127.0.0.1:9000", "null") == 403);
    CHECK(change_status("127.0.0.1:9000", "") == 403);
    CHECK(change_status("", "http://") == 403);
    CHECK(change_status("127.0.0.1", "file://127.0.0.1") == 403);
    CHECK(change_status("1:2", "http://1:2") == 403);
    CHECK(change_status("[1.2.3.4]", "http://[1.2.3.4]") == 403);
    // A name, whose owner may let it mean this machine.
    CHECK(change_status("evil.example:9000", "http://evil.example:9000") ==
          403);
    CHECK(change_status("localhost.evil.example",
                        "http://localhost.evil.example") == 403);
    const auto refused = ask({.method = "POST",
                              .path = "/change",
                              .host = "a",
                              .origin = "http://a",
                              .content_type = "application/json"});
    CHECK(refused.body ==
          R"({"detail":"A web page of another origin may change nothing here; )"
          R"(see allowed_origins in the configuration"})");
  }

  TEST_CASE_FIXTURE(router_fixture, "lets pages of allowed origins change") {
    CHECK(change_status("kvc.example", "https://kvc.example") == 200);
    CHECK(change_status("10.0.0.1:9000", "http://kvc.example:8080") == 200);
    CHECK(change_status("kvc.example", "http://kvc.example") == 403);
    CHECK(change_status("kvc.example", "https://kvc.example.evil") == 403);
  }

  TEST_CASE_FIXTURE(router_fixture, "lets any page ask what changes nothing") {
    CHECK(ask({.method = "POST",
               .path = "/thing",
               .host = "a",
               .origin = "https://b",
               .content_type = "application/json"})
            .status == 200);
  }

  TEST_CASE_FIXTURE(router_fixture, "answers 500 for handlers that fail") {
    CHECK(ask({.method = "POST",
               .path = "/throws",
               .content_type = "application/json"})
            .status == 500);
    CHECK(ask({.method = "GET", .path = "/silent"}).status == 500);
  }
}
