#include "messages/repeated_log.hpp"

#include <doctest/doctest.h>

#include <utility>
#include <vector>

using namespace kvc;
using namespace std::chrono_literals;

namespace {

struct written {
  std::vector<std::string> lines;
  repeated_log log{[this](const std::string& line) { lines.push_back(line); }};
  repeated_log::clock::time_point now{};

  std::vector<std::string> take() { return std::exchange(lines, {}); }
};

using text = std::vector<std::string>;

}  // namespace

TEST_SUITE("repeated_log") {
  TEST_CASE_FIXTURE(written, "writes a begin, an end and a count") {
    for (int i = 0; i < 1000; ++i)
      log.add("a: full", "try=" + std::to_string(i), now += 9s);
    CHECK(take() == text{"a: full try=0"});
    log.settle(now + 9s);
    CHECK(take().empty());
    log.settle(now + 10s);
    CHECK(take() == text{"a: full ended count=1000"});
    log.settle(now + 1h);
    CHECK(take().empty());
    log.add("a: full", "", now + 1h);
    CHECK(take() == text{"a: full"});
  }

  TEST_CASE_FIXTURE(written, "ends silently what happened once") {
    log.add("a: full", "", now);
    log.settle(now + 1h);
    CHECK(take() == text{"a: full"});
  }

  TEST_CASE_FIXTURE(written, "writes at the end what still goes on") {
    log.add("a: full", "", now);
    log.add("a: full", "", now);
    log.end();
    CHECK(take() == text{"a: full", "a: full ended count=2"});
  }

  TEST_CASE_FIXTURE(written, "tells facts apart and ends each") {
    log.add("a: full", "", now);
    log.add("b: full", "", now + 5s);
    log.add("a: full", "", now + 6s);
    log.add("b: full", "", now + 14s);
    CHECK(take() == text{"a: full", "b: full"});
    log.add("c: full", "", now + 17s);
    CHECK(take() == text{"a: full ended count=2", "c: full"});
  }

  TEST_CASE_FIXTURE(written, "counts facts beyond its limit as one") {
    for (std::size_t i = 0; i < repeated_log::max_facts + 100; ++i)
      log.add("fact " + std::to_string(i), "", now);
    CHECK(take().size() == repeated_log::max_facts + 1);
    log.settle(now + 1h);
    CHECK(take() == text{"log: more repeated warnings ended count=100"});
  }
}
