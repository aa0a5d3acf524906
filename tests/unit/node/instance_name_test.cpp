#include "apps/node/instance_name.hpp"

#include "config/short_text.hpp"

#include <doctest/doctest.h>

using namespace kvc;

TEST_SUITE("instance_name") {
  TEST_CASE("is what the configuration says") {
    worker_options settings;
    settings.lmcache_instance_id = "vllm-0";
    settings.enable_controller = true;
    CHECK(instance_id_of(settings) == "vllm-0");
  }

  TEST_CASE("is made of the host's name and a number that differ") {
    worker_options settings;
    settings.enable_controller = true;
    const auto first = instance_id_of(settings);
    const auto second = instance_id_of(settings);
    CHECK(first != second);
    CHECK(is_short_printable(first));
    const auto dash = first.rfind('-');
    REQUIRE(dash != std::string::npos);
    CHECK(first.size() - dash == 17);
    CHECK(first.find_first_not_of("0123456789abcdef", dash + 1) ==
          std::string::npos);
    CHECK(first.substr(0, dash) == second.substr(0, dash));
    CHECK(dash > 0);
  }

  TEST_CASE("stays the same where no controller hears of it") {
    CHECK(instance_id_of({}) == "lmcache_default_instance");
  }
}
