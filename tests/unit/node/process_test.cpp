#include "apps/node/process.hpp"

#include <doctest/doctest.h>
#include <spdlog/pattern_formatter.h>

#include <cstdlib>
#include <ctime>
#include <string>

using namespace kvc;

TEST_SUITE("process") {
  TEST_CASE("logs the time with its offset from UTC") {
    ::setenv("TZ", "IST-5:30", 1);
    ::tzset();
    spdlog::pattern_formatter formatter{log_pattern};
    spdlog::details::log_msg line{"kvc", spdlog::level::info, "room: fact a=1"};
    line.time = spdlog::log_clock::time_point{
      std::chrono::milliseconds{1'795'000'000'250}};
    spdlog::memory_buf_t text;
    formatter.format(line, text);
    ::unsetenv("TZ");
    ::tzset();
    CHECK(fmt::to_string(text) ==
          "2026-11-18T16:36:40.250+05:30 info room: fact a=1\n");
  }
}
