#include "actors/peers/rank.hpp"

#include "messages/errors.hpp"
#include "tests/support/loopback_transport.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace std::chrono_literals;

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

  TEST_CASE("is found where its link shows it, and its transport there") {
    loopback_network network;
    const auto transport = network.make_transport(4'096);
    rank here;
    here.transport = transport.get();
    CHECK(here.ip().empty());
    CHECK(here.note_link("fd00::5"));
    CHECK_FALSE(here.note_link("fd00::5"));
    CHECK(here.ip() == "fd00::5");
    const auto port = ':' + std::to_string(transport->port());
    CHECK(here.present().ip == "fd00::5");
    CHECK(here.present().peer_url == "[fd00::5]" + port);
    CHECK(here.note_link("10.0.0.7"));
    CHECK(here.present().peer_url == "10.0.0.7" + port);
  }

  TEST_CASE("is found where it was told, whatever its link shows") {
    rank here;
    here.profile.ip = "10.0.0.5";
    here.note_link("10.0.0.7");
    CHECK(here.ip() == "10.0.0.5");
    CHECK(here.present().ip == "10.0.0.5");
    CHECK(here.present().peer_url.empty());
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

  TEST_CASE("checks the terms of what it is ordered") {
    rank here;
    here.profile.id = {"a", 1};
    here.boot_clock = [] { return 10s; };
    auto answer = welcome_to(7);
    answer.controller_id = 3;
    here.note_welcome(answer);
    CHECK(here.check({3, 7, 1h}) == errc::too_late);  // No clock is known.
    CHECK_FALSE(here.time_until(1h));
    here.note_clock(10s - 2ms, 100s);
    CHECK_FALSE(here.check({3, 7, 100s + 3ms}));
    CHECK(here.check({3, 7, 100s + 1ms}) == errc::too_late);
    CHECK(here.check({4, 7, 1h}) == errc::stale_epoch);
    CHECK(here.check({3, 6, 1h}) == errc::stale_epoch);
    CHECK(*here.time_until(103s) == 2'998ms);
    answer.controller_id = 4;  // Its clock is another one.
    here.note_welcome(answer);
    CHECK(here.check({4, 7, 1h}) == errc::too_late);
  }

  TEST_CASE("takes no welcome once it has forgotten its actors") {
    rank here;
    here.forget_actors();
    here.note_welcome(welcome_to(7));
    CHECK(here.epoch() == 0);
  }
}
