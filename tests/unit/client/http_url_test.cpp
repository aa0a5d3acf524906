#include "net/client/http_url.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace kvc;

TEST_SUITE("http_url") {
  TEST_CASE("completes a URL") {
    const auto parsed = [](std::string_view text) {
      const auto url = parse_http_url(text);
      REQUIRE_MESSAGE(url, describe(url.error()));
      return *url;
    };
    CHECK(parsed("localhost") == "http://localhost");
    CHECK(parsed("http://10.0.0.1:9000/") == "http://10.0.0.1:9000");
    CHECK(parsed("[::1]:9000/base//") == "http://[::1]:9000/base");
    CHECK(parsed("::1") == "http://[::1]");
    CHECK(parsed("http://fd00::a:b/base") == "http://[fd00::a:b]/base");
    CHECK(parsed("1:2:3:4:5:6:7:8:9000") == "http://[1:2:3:4:5:6:7:8]:9000");
    CHECK(parsed("https://kvc.example/a/b%20c/") ==
          "https://kvc.example/a/b%20c");
  }

  TEST_CASE("refuses what is more or less than that, and says why") {
    for (const auto* text :
         {"", "http://", "http://:9000", "ftp://localhost", "localhost:0",
          "localhost:65536", "localhost:x", "localhost:9000x", "u@localhost",
          "localhost/a b", "[::1", "[::1]9000", "localhost/?x", "localhost/?",
          "localhost#x", "::1:9000", "a:1:2"}) {
      CAPTURE(text);
      CHECK(parse_http_url(text) == caf::error{errc::invalid_request});
    }
    CHECK(describe(parse_http_url("localhost:0").error()) ==
          "invalid_request: url \"localhost:0\" is not valid: port 0");
    CHECK(describe(parse_http_url("::1:9000").error()) ==
          "invalid_request: url \"::1:9000\" is not valid: IPv6 with a port "
          "needs brackets");
  }

  TEST_CASE("encodes whatever is not plain") {
    CHECK(percent_encode("").empty());
    CHECK(percent_encode("aZ0-._~") == "aZ0-._~");
    CHECK(percent_encode("a b&c=d/\xC3\xA9") == "a%20b%26c%3Dd%2F%C3%A9");
  }
}
