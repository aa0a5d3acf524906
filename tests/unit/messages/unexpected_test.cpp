#include "messages/unexpected.hpp"

#include "messages/repeated_log.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/log_capture.hpp"

#include <doctest/doctest.h>
#include <caf/event_based_actor.hpp>

#include <string>

using namespace kvc;
using namespace kvc::test;

namespace {

caf::behavior takes_numbers(caf::event_based_actor* self) {
  refuse_unexpected(self);
  return {[](int number) { return number + 1; }};
}

}  // namespace

TEST_SUITE("unexpected") {
  TEST_CASE("messages are refused, and logged without what they say") {
    end_repeated();  // Of other tests.
    const log_capture log;
    deterministic_system system;
    const auto actor = system.spawn(takes_numbers);
    for (int i = 0; i < 3; ++i)
      CHECK(system.ask<int>(actor, std::string{"a payload"}) ==
            caf::error{caf::sec::unexpected_message});
    CHECK(system.ask<int>(actor, 1) == 2);
    end_repeated();
    CHECK(log.lines_with("actors: unexpected message").size() == 2);
    CHECK(log.lines_with("ended count=3").size() == 1);
    CHECK(log.lines_with("payload").empty());
  }
}
