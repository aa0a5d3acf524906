#include "apps/node/bounded_run.hpp"

#include <doctest/doctest.h>

#include <future>
#include <memory>

using namespace kvc;
using namespace std::chrono_literals;

TEST_SUITE("bounded run") {
  TEST_CASE("waits for what ends in time") {
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> watched = held;
    CHECK(ends_within(1min, [held = std::move(held)] { ++*held; }));
    CHECK(watched.expired());
  }

  TEST_CASE("leaves alone what does not") {
    const auto may_end = std::make_shared<std::promise<void>>();
    const auto has_ended = std::make_shared<std::promise<void>>();
    CHECK(!ends_within(1ms, [=] {
      may_end->get_future().wait();
      has_ended->set_value();
    }));
    may_end->set_value();
    has_ended->get_future().wait();
  }
}
