#include "net/http/request_reader.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

using namespace kvc;

namespace {

using progress = request_reader::progress;

struct reader_fixture {
  std::atomic<std::size_t> used{0};
  request_limits limits{.header_bytes = 256,
                        .body_bytes = 1000,
                        .body_memory_bytes = 4000,
                        .body_memory_used = used};
  request_reader reader{limits};

  progress feed(std::string_view bytes) { return reader.feed(bytes); }

  /// Passes single bytes, as a client may send them.
  progress trickle(std::string_view bytes) {
    std::string unread;
    for (const char c : bytes) {
      unread += c;
      std::string_view rest = unread;
      const auto result = reader.feed(rest);
      if (result != progress::incomplete)
        return result;
      unread = std::string{rest};
    }
    return progress::incomplete;
  }
};

std::string post(std::size_t length, const std::string& more = "") {
  return "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: " +
         std::to_string(length) + "\r\n" + more + "\r\n";
}

}  // namespace

TEST_SUITE("request_reader") {
  TEST_CASE_FIXTURE(reader_fixture, "splits a request into its parts") {
    const auto text =
      "POST /a%20b?c=d%20 HTTP/1.1\r\nHost: h\r\nContent-Type: x/y\r\n"
      "Content-Length: 5\r\n\r\nhello";
    SUBCASE("in one piece") { CHECK(feed(text) == progress::complete); }
    SUBCASE("byte by byte") { CHECK(trickle(text) == progress::complete); }
    const auto request = reader.request();
    CHECK(request.method == "POST");
    CHECK(request.path == "/a%20b");
    CHECK(request.query == "c=d%20");
    CHECK(request.content_type == "x/y");
    CHECK(request.body == "hello");
    CHECK(reader.connection_traits().keeps_alive);
  }

  TEST_CASE_FIXTURE(reader_fixture, "leaves the next request alone") {
    std::string_view bytes =
      "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\n";
    CHECK(reader.feed(bytes) == progress::complete);
    CHECK(bytes == "GET /next HTTP/1.1\r\n");
  }

  TEST_CASE_FIXTURE(reader_fixture, "joins chunks") {
    CHECK(trickle("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked"
                  "\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") ==
          progress::complete);
    CHECK(reader.request().body == "abcde");
  }

  TEST_CASE_FIXTURE(reader_fixture, "accepts the absolute form of a target") {
    CHECK(feed("GET http://h:1/a?b HTTP/1.1\r\nHost: h\r\n\r\n") ==
          progress::complete);
    CHECK(reader.request().path == "/a");
    CHECK(reader.request().query == "b");
  }

  TEST_CASE_FIXTURE(reader_fixture, "knows when a connection ends") {
    CHECK(feed("HEAD / HTTP/1.0\r\n\r\n") == progress::complete);
    const auto traits = reader.connection_traits();
    CHECK_FALSE(traits.keeps_alive);
    CHECK(traits.is_http_1_0);
    CHECK(traits.is_head);
  }

  TEST_CASE_FIXTURE(reader_fixture, "reports an awaited 100 Continue once") {
    CHECK(feed(post(2, "Expect: 100-Continue\r\n")) ==
          progress::wants_continue);
    CHECK(feed("a") == progress::incomplete);
    CHECK(feed("b") == progress::complete);
    CHECK(reader.request().body == "ab");
  }

  TEST_CASE_FIXTURE(reader_fixture, "tells malformed requests") {
    SUBCASE("junk") { CHECK(feed("\x01\x02\r\n\r\n") == progress::malformed); }
    SUBCASE("version") {
      CHECK(feed("GET / HTTP/3.0\r\n\r\n") == progress::malformed);
    }
    SUBCASE("length") {
      CHECK(feed("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n") ==
            progress::malformed);
    }
    SUBCASE("chunk") {
      CHECK(
        feed("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n") ==
        progress::malformed);
    }
  }

  TEST_CASE_FIXTURE(reader_fixture, "limits the header") {
    const auto text = "GET / HTTP/1.1\r\nX: " + std::string(300, 'x');
    SUBCASE("in one piece") { CHECK(feed(text) == progress::header_too_long); }
    SUBCASE("byte by byte") {
      CHECK(trickle(text) == progress::header_too_long);
    }
  }

  TEST_CASE_FIXTURE(reader_fixture, "limits the body, announced or not") {
    SUBCASE("at the limit") {
      CHECK(feed(post(1000) + std::string(1000, 'x')) == progress::complete);
    }
    SUBCASE("announced") { CHECK(feed(post(1001)) == progress::body_too_long); }
    SUBCASE("in chunks") {
      CHECK(
        feed("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" +
             std::string(1001, 'x')) == progress::body_too_long);
    }
  }

  TEST_CASE_FIXTURE(reader_fixture,
                    "takes memory for what arrives, in budget") {
    CHECK(feed(post(1000)) == progress::incomplete);
    CHECK(used.load() == 0);
    CHECK(feed(std::string(600, 'x')) == progress::incomplete);
    CHECK(used.load() == 600);
    CHECK(feed("x") == progress::incomplete);
    CHECK(used.load() == 1000);
    const std::string_view small =
      "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\nx";
    used += 3000;
    {
      request_reader other{limits};
      auto bytes = small;
      CHECK(other.feed(bytes) == progress::out_of_memory);
    }
    CHECK(used.load() == 4000);
    used -= 3000;
    {
      request_reader other{limits};
      auto bytes = small;
      CHECK(other.feed(bytes) == progress::complete);
      CHECK(used.load() == 1000 + 1);
    }
    CHECK(used.load() == 1000);
  }

  TEST_CASE("reads a large body in place, and no further than it goes") {
    std::atomic<std::size_t> used{0};
    const request_limits limits{.body_bytes = 200'000,
                                .body_memory_bytes = 100'000,
                                .body_memory_used = used};
    request_reader reader{limits};
    CHECK(reader.body_room().empty());
    auto text = post(90'000);
    const std::string body(90'000, 'b');
    std::string_view bytes = text += body.substr(0, 30'000);
    CHECK(reader.feed(bytes) == progress::incomplete);
    CHECK(reader.body_room().empty());  // Not large yet.
    bytes = std::string_view{body}.substr(0, 10'000);
    CHECK(reader.feed(bytes) == progress::incomplete);
    std::size_t left = 50'000;
    while (left > 0) {
      const auto room = reader.body_room();
      REQUIRE_FALSE(room.empty());
      REQUIRE(room.size() <= left);
      std::fill(room.begin(), room.end(), 'b');
      left -= room.size();
      CHECK(reader.commit(room.size()) ==
            (left > 0 ? progress::incomplete : progress::complete));
    }
    CHECK(used.load() == 90'000);
    CHECK(reader.request().body == body);

    request_reader other{limits};
    text = post(90'000) + body.substr(0, 10'000);
    bytes = text;
    CHECK(other.feed(bytes) == progress::incomplete);
    CHECK(other.body_room().empty());
    bytes = std::string_view{body}.substr(0, 40'000);
    CHECK(other.feed(bytes) == progress::out_of_memory);
  }

  TEST_CASE_FIXTURE(reader_fixture, "never reads chunks in place") {
    CHECK(feed("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n" +
               std::string(200, 'x')) == progress::incomplete);
    CHECK(reader.body_room().empty());
  }
}
