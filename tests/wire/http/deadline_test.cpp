#include "tests/wire/http/http_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string get_gate = "GET /gate HTTP/1.1\r\nHost: h\r\n\r\n";

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_SUITE("http deadlines") {
  TEST_CASE_FIXTURE(http_fixture, "cuts senders that are slow") {
    start({.read_deadline = 50ms});
    for (const auto* beginning :
         {"", "GET /hel", "GET /hello HTTP/1.1\r\nHost: h\r\n",
          "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: "
          "application/json\r\nContent-Length: 9\r\n\r\nabc"}) {
      auto client = connect();
      client.send(beginning);
      CHECK(client.read_all().empty());
    }
    CHECK(eventually([&] { return server->connections() == 0; }));
  }

  TEST_CASE_FIXTURE(http_fixture, "cuts senders that drip") {
    start({.read_deadline = 100ms});
    auto client = connect();
    client.send("GET /hello HTTP/1.1\r\nHost: h\r\nX: ");
    CHECK(eventually([&] {
      client.send("x");
      return server->connections() == 0;
    }));
  }

  TEST_CASE_FIXTURE(http_fixture, "closes connections that idle") {
    start({.idle_timeout = 50ms});
    auto client = connect();
    client.send(get_hello);
    CHECK(contains(client.read_answer(), "hello"));
    CHECK(client.read_all().empty());
  }

  TEST_CASE_FIXTURE(http_fixture, "answers 504 for a silent handler") {
    start({.request_deadline = 50ms});
    auto client = connect();
    client.send(get_gate);
    CHECK(contains(client.read_answer(), "HTTP/1.1 504 Gateway Timeout\r\n"));
    open_gate();  // Its answer must not reach the next request.
    client.send(get_hello);
    CHECK(contains(client.read_answer(), "\r\n\r\nhello"));
  }

  TEST_CASE_FIXTURE(http_fixture, "cuts clients that do not read") {
    start({.write_deadline = 100ms});
    auto client = connect();
    client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n");
    REQUIRE(eventually([&] { return server->connections() == 1; }));
    CHECK(eventually([&] { return server->connections() == 0; }));
    CHECK(client.read_all().size() < 64UL << 20U);
  }

  TEST_CASE_FIXTURE(http_fixture, "lets running requests finish at the end") {
    start({.drain_time = 20s});
    auto running = connect();
    running.send(get_gate);
    auto idle = connect();
    idle.send(get_hello);
    CHECK(contains(idle.read_answer(), "hello"));
    auto late = connect();
    late.send(get_hello);
    CHECK(contains(late.read_answer(), "hello"));
    late.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: "
      "application/json\r\nContent-Length: 2\r\nExpect: "
      "100-continue\r\n\r\n");
    CHECK(contains(late.read_answer(), "100 Continue"));
    REQUIRE(eventually([&] { return at_gate == 1; }));

    std::thread stopping{[&] { server->stop(); }};
    CHECK(idle.read_all().empty());
    late.send("ab");
    const auto refused = late.read_all();
    CHECK(contains(refused, "HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK(contains(refused, "\r\nConnection: close\r\n"));
    CHECK_THROWS_AS(connect(), boost::system::system_error);
    open_gate();
    const auto finished = running.read_all();
    CHECK(contains(finished, "\r\nConnection: close\r\n"));
    CHECK(contains(finished, "opened"));
    stopping.join();
    CHECK(server->connections() == 0);
  }

  TEST_CASE_FIXTURE(http_fixture, "gives up on requests after the drain time") {
    start({.threads = 2, .drain_time = 50ms});
    auto first = connect();
    auto second = connect();
    first.send(get_gate);
    second.send(get_gate);
    REQUIRE(eventually([&] { return at_gate == 2; }));
    server->stop();
    CHECK(first.read_all().empty());
    CHECK(second.read_all().empty());
    CHECK(server->connections() == 0);
    server->stop();
  }
}
