#include "apps/node/http_options.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace std::chrono_literals;

TEST_SUITE("http_options") {
  TEST_CASE("the request's timeout bounds all that happens to a request") {
    controller_options options;
    options.request_timeout = 3s;
    const auto result = make_http_options(options);
    CHECK(result.read_deadline == 3s);
    CHECK(result.request_deadline == 3s);
    CHECK(result.write_deadline == 3s);
  }

  TEST_CASE("a long timeout gives no more time to those who send slowly") {
    controller_options options;
    options.request_timeout = 60s;
    const auto result = make_http_options(options);
    CHECK(result.read_deadline == 10s);
    CHECK(result.request_deadline == 60s);
    CHECK(result.write_deadline == 60s);
  }
}
