#include "actors/peers/rank.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

welcome welcome_to(std::uint64_t epoch) {
  welcome result;
  result.epoch = epoch;
  return result;
}

/// Long ago: nobody waits for it.
constexpr std::chrono::steady_clock::time_point past{};

}  // namespace

TEST_SUITE("rank") {
  TEST_CASE("has no location that it was not given") {
    const rank here;
    CHECK(here.at(location::cpu) == nullptr);
    CHECK(here.at(location::disk) == nullptr);
    CHECK(here.at(static_cast<location>(7)) == nullptr);
  }

  TEST_CASE("is registered from its first welcome on") {
    rank here;
    CHECK_FALSE(here.is_registered_by(past));
    CHECK(here.epoch() == 0);
    here.note_welcome(welcome_to(7));
    CHECK(here.is_registered_by(past));
    here.note_lost_link();
    CHECK(here.epoch() == 7);
    here.note_welcome(welcome_to(8));
    CHECK(here.epoch() == 8);
  }

  TEST_CASE("takes no welcome once it has forgotten its actors") {
    rank here;
    here.forget_actors();
    here.note_welcome(welcome_to(7));
    CHECK(here.epoch() == 0);
  }
}
