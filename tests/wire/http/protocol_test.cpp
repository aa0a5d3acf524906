#include "tests/wire/http/http_fixture.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

const std::string get_hello = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string hello =
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
  "Content-Length: 5\r\n\r\nhello";

std::string post_echo(const std::string& body, const std::string& more = "",
                      const std::string& type = "application/json") {
  return "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: " + type + "\r\n" +
         more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

std::string status_of(const std::string& answer) {
  return answer.size() < 12 ? "none" : answer.substr(9, 3);
}

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

bool closes(const std::string& answer) {
  return answer.find("\r\nConnection: close\r\n") != std::string::npos;
}

}  // namespace

TEST_SUITE("http protocol") {
  TEST_CASE_FIXTURE(http_fixture, "keeps a connection for many requests") {
    start();
    auto client = connect();
    for (int i = 0; i < 3; ++i) {
      client.send(get_hello);
      CHECK(client.read_answer() == hello);
    }
    CHECK(server->connections() == 1);
  }

  TEST_CASE_FIXTURE(http_fixture, "answers pipelined requests in order") {
    start();
    auto client = connect();
    std::string requests = "GET /gate HTTP/1.1\r\nHost: h\r\n\r\n";
    for (int i = 0; i < 500; ++i)
      requests += post_echo(std::to_string(i));
    client.send(requests);
    REQUIRE(eventually([&] { return at_gate == 1; }));
    open_gate();
    CHECK(body_of(client.read_answer()) == "opened");
    for (int i = 0; i < 500; ++i)
      REQUIRE(body_of(client.read_answer()) == std::to_string(i));
  }

  TEST_CASE_FIXTURE(http_fixture, "serves every connection of every lane") {
    start({.threads = 3});
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 12; ++i) {
      clients.push_back(std::make_unique<raw_client>(port));
      clients.back()->send("GET /gate HTTP/1.1\r\nHost: h\r\n\r\n");
    }
    REQUIRE(eventually([&] { return at_gate == 12; }));
    open_gate();
    for (const auto& each : clients)
      CHECK(body_of(each->read_answer()) == "opened");
  }

  TEST_CASE_FIXTURE(http_fixture, "takes large bodies, also in chunks") {
    start();
    auto client = connect();
    const std::string body(3'000'000, 'b');
    client.send(post_echo(body));
    CHECK(body_of(client.read_answer()) == body);
    client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Type: "
      "application/json\r\nTransfer-Encoding: chunked\r\n\r\n2DC6C0\r\n" +
      body + "\r\n0\r\n\r\n");
    CHECK(body_of(client.read_answer()) == body);
  }

  TEST_CASE_FIXTURE(http_fixture, "answers HEAD without the body") {
    start();
    auto client = connect();
    client.send("HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n" + get_hello);
    CHECK(client.read_answer(true) == hello.substr(0, hello.size() - 5));
    CHECK(client.read_answer() == hello);
  }

  TEST_CASE_FIXTURE(http_fixture, "asks for a body that waits for that") {
    start();
    auto client = connect();
    const auto request = post_echo("abc", "Expect: 100-continue\r\n");
    client.send(request.substr(0, request.size() - 3));
    CHECK(client.read_answer(true) == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("abc");
    CHECK(body_of(client.read_answer()) == "abc");
  }

  TEST_CASE_FIXTURE(http_fixture, "closes when the client wants it") {
    start();
    for (const auto* request :
         {"GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
          "GET /hello HTTP/1.0\r\n\r\n"}) {
      auto client = connect();
      client.send(request);
      const auto answer = client.read_all();
      CHECK(closes(answer));
      CHECK(body_of(answer) == "hello");
    }
  }

  TEST_CASE_FIXTURE(http_fixture, "keeps an HTTP/1.0 connection on request") {
    start();
    auto client = connect();
    for (int i = 0; i < 2; ++i) {
      client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      CHECK(client.read_answer().find("\r\nConnection: keep-alive\r\n") !=
            std::string::npos);
    }
  }

  TEST_CASE_FIXTURE(http_fixture, "keeps the connection after an error") {
    start();
    auto client = connect();
    client.send("GET /nowhere HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(body_of(client.read_answer()) == R"({"detail":"Not Found"})");
    client.send("DELETE /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    const auto answer = client.read_answer();
    CHECK(status_of(answer) == "405");
    CHECK(answer.find("\r\nAllow: POST\r\n") != std::string::npos);
    client.send(post_echo("x", "", "text/plain"));
    CHECK(status_of(client.read_answer()) == "415");
    client.send("GET /dropped HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK(body_of(client.read_answer()) ==
          R"({"detail":"Internal Server Error"})");
    client.send(get_hello);
    CHECK(client.read_answer() == hello);
  }

  TEST_CASE_FIXTURE(http_fixture, "answers malformed requests and closes") {
    start({.header_limit_bytes = 1000, .body_limit_bytes = 1000});
    const auto answer_to = [&](const std::string& bytes) {
      auto client = connect();
      client.send(bytes);
      const auto answer = client.read_all();
      CHECK(closes(answer));
      CHECK(body_of(answer).substr(0, 11) == R"({"detail":")");
      return status_of(answer);
    };
    CHECK(answer_to("nonsense\r\n\r\n") == "400");
    CHECK(answer_to("GET /" + std::string(2000, 'x')) == "431");
    CHECK(answer_to(post_echo(std::string(8'000'000, 'x'))) == "413");
  }

  TEST_CASE_FIXTURE(http_fixture, "refuses bodies beyond all their memory") {
    start({.body_memory_bytes = 100'000});
    auto client = connect();
    client.send(post_echo(std::string(200'000, 'x')));
    const auto answer = client.read_answer();
    CHECK(status_of(answer) == "503");
    CHECK(answer.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    auto other = connect();
    other.send(post_echo("small"));
    CHECK(body_of(other.read_answer()) == "small");
  }

  TEST_CASE_FIXTURE(http_fixture,
                    "serves small bodies beside held large ones") {
    start({.body_memory_bytes = 100'000});
    auto holder = connect();
    const auto large = post_echo(std::string(100'000, 'x'));
    holder.send(large.substr(0, large.size() - 1));
    const std::string body(65'000, 's');
    for (int i = 0; i < 3; ++i) {
      auto client = connect();
      client.send(post_echo(body));
      CHECK(body_of(client.read_answer()) == body);
    }
    holder.send("x");
    CHECK(body_of(holder.read_answer()) == std::string(100'000, 'x'));
  }

  TEST_CASE_FIXTURE(http_fixture, "serves others while a request takes long") {
    start();
    auto slow = connect();
    slow.send(
      "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Type: "
      "application/json\r\n");
    SUBCASE("because its body is large") {
      slow.send("Content-Length: 2000000\r\n\r\n" +
                std::string(2'000'000, 'x'));
    }
    SUBCASE("because its handler finds it hard") {
      slow.send("Content-Length: 4\r\n\r\nhard");
    }
    REQUIRE(eventually([&] { return at_gate == 1; }));
    auto other = connect();  // There is one lane.
    other.send(get_hello);
    CHECK(other.read_answer() == hello);
    is_slow_over = true;
    CHECK(body_of(slow.read_answer()) == "slow");
    slow.send(get_hello);
    CHECK(slow.read_answer() == hello);
  }

  TEST_CASE_FIXTURE(http_fixture, "lets slow requests finish at the end") {
    start({.drain_time = 20s});
    auto slow = connect();
    slow.send(
      "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Type: "
      "application/json\r\nContent-Length: 4\r\n\r\nhard");
    REQUIRE(eventually([&] { return at_gate == 1; }));
    std::thread stopping{[&] { server->stop(); }};
    is_slow_over = true;
    CHECK(body_of(slow.read_all()) == "slow");
    stopping.join();
  }

  TEST_CASE_FIXTURE(http_fixture, "answers late handlers' clients in time") {
    start({.request_deadline = 50ms});
    auto slow = connect();
    slow.send(
      "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Type: "
      "application/json\r\nContent-Length: 4\r\n\r\nhard");
    CHECK(status_of(slow.read_answer()) == "504");
    slow.send(get_hello);
    CHECK(slow.read_answer() == hello);
    is_slow_over = true;
  }

  TEST_CASE_FIXTURE(http_fixture, "says what a taken port is") {
    start();
    caf::actor_system_config config;
    caf::actor_system system{config};
    http_server second{system, {}, {.host = "127.0.0.1", .port = port}};
    const auto bound = second.start();
    REQUIRE_FALSE(bound);
    CHECK(to_string(bound.error()).find("Address already in use") !=
          std::string::npos);
  }
}
