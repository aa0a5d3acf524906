#include "net/http/exchange.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace kvc;

TEST_SUITE("exchange") {
  TEST_CASE("decodes percent escapes and leaves malformed ones alone") {
    CHECK(percent_decode("a%20b%2Fc%2f", false) == "a b/c/");
    CHECK(percent_decode("a+b", true) == "a b");
    CHECK(percent_decode("a+b", false) == "a+b");
    CHECK(percent_decode("100%", false) == "100%");
    CHECK(percent_decode("%4", false) == "%4");
    CHECK(percent_decode("%zz%4g", false) == "%zz%4g");
  }

  TEST_CASE("compares with what is decoded") {
    CHECK(is_decoded("a%20b%2Fc", "a b/c"));
    CHECK(is_decoded("", ""));
    CHECK(is_decoded("100%", "100%"));
    CHECK_FALSE(is_decoded("a%20b", "a b/c"));
    CHECK_FALSE(is_decoded("a%20b/c", "a b"));
    CHECK_FALSE(is_decoded("a+b", "a b"));
  }

  TEST_CASE("finds query parameters, the last of repeated ones") {
    const http_request request{.query = "a=1&b=x%26y&a=2&flag&d=1=2"};
    CHECK(request.parameter("a") == "2");
    CHECK(request.parameter("b") == "x&y");
    CHECK(request.parameter("flag") == "");
    CHECK(request.parameter("d") == "1=2");
    CHECK(request.parameter("c") == std::nullopt);
    CHECK(http_request{}.parameter("a") == std::nullopt);
  }

  TEST_CASE("renders errors as FastAPI does") {
    const auto response = error_response(404, "no \"x\"");
    CHECK(response.status == 404);
    CHECK(response.body == R"({"detail":"no \"x\""})");
    const auto busy = unavailable_response("busy");
    CHECK(busy.status == 503);
    REQUIRE(busy.headers.size() == 1);
    CHECK(busy.headers[0].first == "Retry-After");
  }

  TEST_CASE("passes on the first answer and none after it") {
    std::vector<unsigned> answers;
    const responder respond{[&](const http_response& response) {
      answers.push_back(response.status);
    }};
    const auto copy = respond;  // NOLINT: what is tested.
    copy({.status = 201});
    respond({.status = 202});
    CHECK(answers == std::vector<unsigned>{201});
  }

  TEST_CASE("answers 500 when nobody else does") {
    std::vector<unsigned> answers;
    {
      const responder respond{[&](const http_response& response) {
        answers.push_back(response.status);
      }};
      const auto copy = respond;  // NOLINT: what is tested.
      CHECK(answers.empty());
    }
    CHECK(answers == std::vector<unsigned>{500});
  }
}
