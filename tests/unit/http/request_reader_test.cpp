#include "net/http/request_reader.hpp"

#include "net/http/body_buffer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using namespace kvc;

namespace {

using progress = request_reader::progress;

struct reader_fixture {
  std::atomic<std::size_t> used{0};
  request_limits limits{.header_bytes = 256,
                        .body_bytes = 1000,
                        .body_memory_bytes = 400'000,
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

std::string get(const std::string& fields) {
  return "GET / HTTP/1.1\r\n" + fields + "\r\n";
}

const std::string chunked =
  "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

/// Takes what the last test's bodies have left to this thread.
struct spare_holder {
  std::atomic<std::size_t> used{0};
  body_buffer body{used, SIZE_MAX};

  spare_holder() { body.append("x"); }
};

/// What a reader makes of some bytes.
struct outcome {
  progress reached = progress::incomplete;
  std::string body = {};
  std::string next = {};  ///< What belongs to the next request.

  friend bool operator==(const outcome&, const outcome&) = default;
};

/// Reads pieces, as a session does.
outcome read_pieces(const std::vector<std::string_view>& pieces) {
  std::atomic<std::size_t> used{0};
  const request_limits limits{
    .header_bytes = 256, .body_bytes = 1000, .body_memory_used = used};
  request_reader reader{limits};
  outcome result;
  std::string unread;
  for (const auto piece : pieces) {
    unread += piece;
    if (result.reached != progress::incomplete)
      continue;
    std::string_view rest = unread;
    result.reached = reader.feed(rest);
    if (result.reached == progress::wants_continue)
      result.reached = progress::incomplete;
    unread = std::string{rest};
  }
  if (result.reached == progress::complete) {
    result.body = reader.request().body;
    result.next = unread;
  }
  return result;
}

const std::vector<std::string> sound_requests{
  get("Host: h\r\n"),
  get("Host:\r\nX:\t a b \t\r\n"),
  "\r\n\r\n" + get("Host: h\r\n") + "GET /next",
  "GET / HTTP/1.0\r\n\r\n",
  post(5) + "hello",
  post(5, "Expect: 100-continue\r\n") + "hellonext",
  post(0) + "next",
  chunked + "0\r\n\r\n",
  chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nnext",
  chunked + "3;a=b; c=\"d\\\"e\"\r\nabc\r\n000;x\r\n\r\n",
  chunked + "00a \t;x\r\n0123456789\r\n0\r\nA: b\r\nC:\r\n\r\nnext"};

const std::vector<std::string> unsound_requests{
  "\x16\x03\x01",
  "\xff\xff",
  " GET / HTTP/1.1\r\nHost: h\r\n\r\n",
  "GET  / HTTP/1.1\r\nHost: h\r\n\r\n",
  "GET / HTTP/1.1 \r\nHost: h\r\n\r\n",
  "GET / HTTP/1.1\nHost: h\n\n",
  "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  get(""),
  get("Host: h\r\nHost: h\r\n"),
  get("Host: a, b\r\n"),
  get("Host: a/b\r\n"),
  get("Host: user@h\r\n"),
  get("Host : h\r\n"),
  get("Host: h\r\nX: a\r\n b\r\n"),
  get("Host: h\r\n X: a\r\n"),
  get("Host: h\r\nX: a\nY: b\r\n"),
  get("Host: h\r\nX: a\rb\r\n"),
  get(std::string{"Host: h\r\nX: a\0b\r\n", 17}),
  get(std::string{"Host: h\r\nX\0: b\r\n", 16}),
  get("Host: h\r\nX: \x7f\r\n"),
  get("Host: h\r\n: b\r\n"),
  get("Host: h\r\nX\r\n"),
  get("Host: h\r\nContent-Type: a\r\nContent-Type: b\r\n"),
  get("Host: h\r\nOrigin: a\r\nOrigin: b\r\n"),
  post(5, "Content-Length: 5\r\n") + "hello",
  post(5, "Content-Length: 6\r\n") + "hello!",
  get("Host: h\r\nContent-Length: 5, 5\r\n"),
  get("Host: h\r\nContent-Length: +5\r\n"),
  get("Host: h\r\nContent-Length: -5\r\n"),
  get("Host: h\r\nContent-Length: 1 2\r\n"),
  get("Host: h\r\nContent-Length: 0x5\r\n"),
  get("Host: h\r\nContent-Length:\r\n"),
  get("Host: h\r\nContent-Length: 18446744073709551616\r\n"),
  get("Host: h\r\nTransfer-Encoding: gzip\r\n"),
  get("Host: h\r\nTransfer-Encoding: xchunked\r\n"),
  get("Host: h\r\nTransfer-Encoding: identity\r\n"),
  get("Host: h\r\nTransfer-Encoding: gzip, chunked\r\n"),
  get("Host: h\r\nTransfer-Encoding: chunked, gzip\r\n"),
  get("Host: h\r\nTransfer-Encoding: chunked, chunked\r\n"),
  get("Host: h\r\nTransfer-Encoding: chunked,\r\n"),
  get("Host: h\r\nTransfer-Encoding: \"chunked\"\r\n"),
  get("Host: h\r\nTransfer-Encoding:\r\n"),
  get("Host: h\r\nTransfer-Encoding : chunked\r\n"),
  get("Host: h\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"),
  post(5, "Transfer-Encoding: chunked\r\n") + "0\r\n\r\n",
  post(5, "Transfer-Encoding: gzip\r\n") + "hello",
  get("Host: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
  "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
  chunked + "x\r\n",
  chunked + "\r\n",
  chunked + " 3\r\nabc\r\n",
  chunked + "-3\r\nabc\r\n",
  chunked + "0x3\r\nabc\r\n",
  chunked + "3\nabc\n",
  chunked + "3 \r\nabc\r\n",
  chunked + "3;\n\r\nabc\r\n",
  chunked + "00000000000000003\r\nabc\r\n",
  chunked + "3\r\nabcd\r\n",
  chunked + "3\r\nabc\rx",
  chunked + "0\r\n A: b\r\n\r\n",
  chunked + "0\r\nA : b\r\n\r\n",
  chunked + "0\r\n: b\r\n\r\n",
  chunked + "0\r\nA: b\n\r\n\r\n",
  chunked + "0\r\nA: \x01\r\n\r\n",
  chunked + "0\r\n\rx"};

/// Checks that it does not matter how the bytes arrive: in two pieces, in three
/// with a single byte in the middle, or byte by byte.
void check_pieces(const std::string& text, const outcome& expected) {
  CAPTURE(text);
  CHECK((read_pieces({text}) == expected));
  const std::string_view all = text;
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(i);
    bytes.push_back(all.substr(i, 1));
    const auto behind = all.substr(i + 1);
    CHECK((read_pieces({all.substr(0, i), all.substr(i)}) == expected));
    CHECK((read_pieces({all.substr(0, i), bytes.back(), behind}) == expected));
  }
  CHECK((read_pieces(bytes) == expected));
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
    CHECK(trickle(chunked + "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") ==
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
      CHECK(feed(get("Host: h\r\nContent-Length: -1\r\n")) ==
            progress::malformed);
    }
    SUBCASE("chunk") { CHECK(feed(chunked + "zz\r\n") == progress::malformed); }
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
      CHECK(feed(chunked + "3e9\r\n" + std::string(1001, 'x')) ==
            progress::body_too_long);
    }
    SUBCASE("in many chunks") {
      std::string text = chunked;
      for (int i = 0; i < 1000; ++i)
        text += "1\r\nx\r\n";
      CHECK(feed(text) == progress::incomplete);
      CHECK(feed("1\r\n") == progress::body_too_long);
    }
    SUBCASE("in a chunk beyond any memory") {
      CHECK(feed(chunked + "ffffffffffffffff\r\n") == progress::body_too_long);
    }
  }

  TEST_CASE("takes memory for what arrives, in budget") {
    const spare_holder holder;
    std::atomic<std::size_t> used{0};
    const request_limits limits{.body_bytes = 100'000,
                                .body_memory_bytes = 400'000,
                                .body_memory_used = used};
    const auto feed = [](request_reader& reader, const std::string& text) {
      std::string_view bytes = text;
      return reader.feed(bytes);
    };
    request_reader reader{limits};
    CHECK(feed(reader, post(100'000)) == progress::incomplete);
    CHECK(used.load() == 0);
    CHECK(feed(reader, std::string(70'000, 'x')) == progress::incomplete);
    CHECK(used.load() == 70'000);
    CHECK(feed(reader, "x") == progress::incomplete);
    CHECK(used.load() == 100'000);
    used += 300'000;
    const auto large = post(70'000) + std::string(70'000, 'x');
    const auto small = post(65'536) + std::string(65'536, 'x');
    {
      request_reader other{limits};
      CHECK(feed(other, large) == progress::out_of_memory);
      CHECK(used.load() == 400'000);
    }
    {
      request_reader other{limits};
      CHECK(feed(other, small) == progress::complete);
      CHECK(used.load() == 400'000);
    }
    used -= 300'000;
    {
      request_reader other{limits};
      CHECK(feed(other, large) == progress::complete);
      CHECK(used.load() == 100'000 + 70'000);
    }
    CHECK(used.load() == 100'000);
  }

  TEST_CASE("reads a large body in place, and no further than it goes") {
    const spare_holder holder;
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
    bytes = std::string_view{body}.substr(0, 70'000);
    CHECK(other.feed(bytes) == progress::out_of_memory);
  }

  TEST_CASE_FIXTURE(reader_fixture, "never reads chunks in place") {
    CHECK(feed(chunked + "100\r\n" + std::string(200, 'x')) ==
          progress::incomplete);
    CHECK(reader.body_room().empty());
  }

  TEST_CASE("understands sound requests, however they arrive") {
    for (const auto& text : sound_requests) {
      const auto whole = read_pieces({text});
      CHECK(whole.reached == progress::complete);
      check_pieces(text, whole);
    }
    const auto is = [](std::size_t index, const char* body, const char* next) {
      const auto whole = read_pieces({sound_requests.at(index)});
      CHECK(whole.body == body);
      CHECK(whole.next == next);
    };
    is(2, "", "GET /next");
    is(5, "hello", "next");
    is(8, "abcde", "next");
    is(9, "abc", "");
    is(10, "0123456789", "next");
  }

  TEST_CASE("refuses what two readers could read in two ways") {
    for (const auto& text : unsound_requests)
      check_pieces(text, {progress::malformed});
  }

  TEST_CASE_FIXTURE(reader_fixture,
                    "limits a header that comes field by field") {
    std::string unread = "GET / HTTP/1.1\r\nHost: h\r\nX";
    auto reached = progress::incomplete;
    int fields = 0;
    for (; reached == progress::incomplete && fields < 1000; ++fields) {
      unread += ": y\r\nX";
      std::string_view rest = unread;
      reached = reader.feed(rest);
      unread = std::string{rest};
    }
    CHECK(reached == progress::header_too_long);
    CHECK(fields < 256);
  }

  TEST_CASE("limits what comes with chunks") {
    const auto reached = [](const std::string& text) {
      return read_pieces({chunked + text}).reached;
    };
    const auto extension = [](std::size_t size) {
      return "3;" + std::string(size, 'x') + "\r\nabc\r\n0\r\n\r\n";
    };
    const auto trailer = [](std::size_t size) {
      return "0\r\nA:" + std::string(size, 'x') + "\r\n\r\n";
    };
    CHECK(reached(extension(200)) == progress::complete);
    CHECK(reached(extension(256)) == progress::header_too_long);
    CHECK(reached(trailer(200)) == progress::complete);
    CHECK(reached(trailer(256)) == progress::header_too_long);
    std::string many;
    for (int i = 0; i < 300; ++i)
      many += "1;x\r\na\r\n";
    CHECK(reached(many) == progress::header_too_long);
  }

  TEST_CASE_FIXTURE(reader_fixture, "keeps nothing of what comes with chunks") {
    CHECK(feed(chunked) == progress::incomplete);
    for (const std::string text : {"3;abc", "def", "\r", "\nabc\r", "\n0\r",
                                   "\nA", ": b", "\r\nC:", "\r\n\r"}) {
      std::string_view bytes = text;
      CHECK(reader.feed(bytes) == progress::incomplete);
      CHECK(bytes.empty());
    }
    CHECK(feed("\n") == progress::complete);
    CHECK(reader.request().body == "abc");
  }

  TEST_CASE_FIXTURE(reader_fixture, "takes no field from a trailer") {
    CHECK(feed(chunked + "0\r\nContent-Type: a/b\r\nOrigin: x\r\n\r\n") ==
          progress::complete);
    CHECK(reader.request().content_type.empty());
    CHECK_FALSE(reader.request().origin);
  }

  TEST_CASE_FIXTURE(reader_fixture, "tells who asks whom") {
    CHECK(feed(get("Host: [::1]:9000\r\nOrigin: null\r\n")) ==
          progress::complete);
    CHECK(reader.request().host == "[::1]:9000");
    CHECK(reader.request().origin == "null");
  }
}
