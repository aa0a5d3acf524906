#include "tests/unit/api/routes_fixture.hpp"
#include "tests/unit/api/schema_fixture.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

using namespace kvc;
using namespace kvc::test;

namespace {

/// Returns a body that a route takes, with an optional field.
json body_with(const route& entry, const field& included) {
  auto body = json::object();
  for (const auto& each : entry.body)
    if (each.is_required || each.name == included.name)
      body[each.name] = example_of(each.shape);
  if (entry.path == "/lookup" && included.name != "tokens")
    body.erase("tokens");
  if (entry.path == "/lookup" && included.name != "hashes")
    body[included.name == "tokens" ? "tokens" : "hashes"] = {1};
  return body;
}

/// Whether a refusal has a complaint about a field, of this type if any.
bool complains(const json& answer, const std::string& name,
               std::string_view type = {}) {
  const auto detail = answer.value("detail", json{});
  return detail.is_array() &&
         std::any_of(detail.begin(), detail.end(), [&](const json& each) {
           return each["loc"] == json::array({"body", name}) &&
                  (type.empty() || each["type"] == type);
         });
}

struct described_routes : routes_fixture {
  /// Sends a body to a route.
  json send_body(const route& entry, const json& body) {
    const auto text = body.dump();
    send({.method = "POST",
          .path = entry.path,
          .content_type = "application/json",
          .body = text});
    REQUIRE(answer);
    return json::parse(answer->body);
  }

  template <class Function>
  void for_each_body_field(Function check) {
    std::size_t count = 0;
    for (const auto& entry : table.routes())
      for (const auto& each : entry.body) {
        const auto where = entry.path + ' ' + each.name;
        CAPTURE(where);
        check(entry, each);
        ++count;
      }
    CHECK(count >= 46);
  }
};

}  // namespace

TEST_SUITE("described routes") {
  TEST_CASE_FIXTURE(described_routes, "every route is described in full") {
    for (const auto& entry : table.routes()) {
      CAPTURE(entry.path);
      CHECK(entry.summary.ends_with('.'));
      CHECK(vague_part(schema::object(entry.body)) ==
            (entry.body.empty() ? "$" : ""));
      CHECK(takes_body(entry) == !entry.body.empty());
      CHECK(vague_part(schema::object(entry.query)) ==
            (entry.query.empty() ? "$" : ""));
      for (const auto& each : entry.parameters)
        CHECK(entry.path.find('{' + each.name + '}') != std::string::npos);
      CHECK(std::count(entry.path.begin(), entry.path.end(), '{') ==
            static_cast<std::ptrdiff_t>(entry.parameters.size()));
      for (const auto& each : answers_of(entry)) {
        CAPTURE(each.status);
        CHECK(each.description.ends_with('.'));
        const auto vague = vague_part(each.shape);
        const bool is_wrong_input = vague.ends_with(".input");
        if (entry.path != "/openapi.json" || each.status != 200)
          CHECK((vague.empty() || is_wrong_input));
      }
    }
  }

  TEST_CASE_FIXTURE(described_routes, "what begins or ends events says so") {
    std::set<std::string> paths;
    for (const auto& entry : table.routes())
      if (entry.changes_state)
        paths.insert(entry.path);
    CHECK(paths == std::set<std::string>{"/cancel", "/clear", "/compress",
                                         "/decompress", "/health", "/move",
                                         "/pin", "/unpin"});
  }

  TEST_CASE_FIXTURE(described_routes, "every body needs a content type") {
    for (const auto& entry : table.routes())
      if (takes_body(entry)) {
        CAPTURE(entry.path);
        ask({.method = "POST", .path = entry.path, .body = "{}"}, 415);
      }
  }

  TEST_CASE_FIXTURE(described_routes, "every field that is described is read") {
    for_each_body_field([&](const route& entry, const field& each) {
      auto body = body_with(entry, each);
      send_body(entry, body);
      CHECK(answer->status != 422);
      body[each.name] = json::object();
      CHECK(complains(send_body(entry, body), each.name));
      CHECK(answer->status == 422);
    });
  }

  TEST_CASE_FIXTURE(described_routes, "a field is missed if it is required") {
    for_each_body_field([&](const route& entry, const field& each) {
      auto body = body_with(entry, each);
      if (entry.path == "/lookup")  // Either tokens or hashes is.
        return;
      body.erase(each.name);
      CHECK(complains(send_body(entry, body), each.name, "missing") ==
            each.is_required);
    });
  }

  TEST_CASE_FIXTURE(described_routes, "null is taken where it is described") {
    for_each_body_field([&](const route& entry, const field& each) {
      auto body = body_with(entry, each);
      body[each.name] = nullptr;
      if (entry.path == "/lookup" && each.name != "model")
        body[each.name == "tokens" ? "hashes" : "tokens"] = {1};
      CHECK(complains(send_body(entry, body), each.name) ==
            !each.shape.is_nullable);
    });
  }

  TEST_CASE_FIXTURE(described_routes,
                    "integers of the query are read as such") {
    std::set<std::string> names;
    for (const auto& entry : table.routes())
      for (const auto& each : entry.query)
        if (each.shape.what == schema::kind::integer) {
          names.insert(each.name);
          CHECK(get(entry.path, each.name + "=x", 422)["detail"][0]["loc"] ==
                json::array({"query", each.name}));
        }
    CHECK(names == std::set<std::string>{"limit", "worker_id"});
  }
}
