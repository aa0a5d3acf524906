#include "actors/fleet/refused_hellos.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

constexpr std::int64_t hour = 3'600'000;

worker_profile profile_of(std::string instance) {
  worker_profile result;
  result.id = {std::move(instance), 2};
  result.ip = "10.0.0.1";
  return result;
}

caf::error mismatch(const std::string& detail) {
  return caf::make_error(errc::hashing_mismatch, detail);
}

}  // namespace

TEST_SUITE("refused_hellos") {
  TEST_CASE("lists what was refused, newest first") {
    refused_hellos refused;
    CHECK(refused.list(0).empty());
    CHECK(refused.add(profile_of("a"), mismatch("x"), 100));
    CHECK(refused.add(profile_of("b"), mismatch("y"), 200));
    const auto list = refused.list(200);
    REQUIRE(list.size() == 2);
    CHECK(list[0].id == worker_id{"b", 2});
    CHECK(list[1].id == worker_id{"a", 2});
    CHECK(list[1].ip == "10.0.0.1");
    CHECK(list[1].reason == errc::hashing_mismatch);
    CHECK(list[1].detail == "hashing_mismatch: x");
    CHECK(list[1].last_at_ms == 100);
    CHECK(list[1].count == 1);
  }

  TEST_CASE("counts repetitions and moves them to the front") {
    refused_hellos refused;
    refused.add(profile_of("a"), mismatch("x"), 100);
    refused.add(profile_of("b"), mismatch("x"), 200);
    CHECK_FALSE(refused.add(profile_of("a"), mismatch("x"), 300));
    CHECK(refused.add(profile_of("a"), mismatch("y"), 400));
    CHECK_FALSE(refused.add(profile_of("a"), mismatch("x"), 500));
    const auto list = refused.list(500);
    REQUIRE(list.size() == 3);
    CHECK(list[0].detail == "hashing_mismatch: x");
    CHECK(list[0].count == 3);
    CHECK(list[0].last_at_ms == 500);
    CHECK(list[1].detail == "hashing_mismatch: y");
    CHECK(list[1].count == 1);
    CHECK(list[2].id.instance == "b");
  }

  TEST_CASE("tells the same name at two addresses apart") {
    refused_hellos refused;
    refused.add(profile_of("a"), mismatch("x"), 100);
    auto elsewhere = profile_of("a");
    elsewhere.ip = "10.0.0.2";
    CHECK(refused.add(elsewhere, mismatch("x"), 200));
    CHECK(refused.list(200).size() == 2);
  }

  TEST_CASE("counts links, of which only the address is known") {
    refused_hellos refused;
    const refusal link{{}, "10.0.0.1", errc::unauthorized, "why\n", 7, 9};
    CHECK(refused.add(link, 100));
    CHECK_FALSE(refused.add(link, 200));
    auto other = link;
    other.ip = "10.0.0.2";
    CHECK(refused.add(other, 300));
    const auto list = refused.list(300);
    REQUIRE(list.size() == 2);
    CHECK(list[1].id == worker_id{});
    CHECK(list[1].ip == "10.0.0.1");
    CHECK(list[1].reason == errc::unauthorized);
    CHECK(list[1].detail == "why?");
    CHECK(list[1].last_at_ms == 200);
    CHECK(list[1].count == 2);
  }

  TEST_CASE("forgets after an hour") {
    refused_hellos refused;
    refused.add(profile_of("a"), mismatch("x"), 100);
    CHECK(refused.list(100 + hour - 1).size() == 1);
    CHECK(refused.list(100 + hour).empty());
    CHECK(refused.add(profile_of("a"), mismatch("x"), 100 + hour));
    const auto list = refused.list(100 + hour);
    REQUIRE(list.size() == 1);
    CHECK(list[0].count == 1);
  }

  TEST_CASE("keeps the newest 256") {
    refused_hellos refused;
    for (int i = 0; i < 300; ++i)
      refused.add(profile_of(std::to_string(i)), mismatch("x"), 100 + i);
    const auto list = refused.list(400);
    REQUIRE(list.size() == 256);
    CHECK(list.front().id.instance == "299");
    CHECK(list.back().id.instance == "44");
  }

  TEST_CASE("writes an address as all others are written") {
    refused_hellos refused;
    auto profile = profile_of("a");
    profile.ip = "0:0:0:0:0:0:0:1";
    refused.add(profile, mismatch("x"), 1);
    CHECK(refused.list(1).front().ip == "::1");
  }

  TEST_CASE("makes what a stranger sent printable and short") {
    refused_hellos refused;
    auto profile = profile_of("a\x1b[2J\n\xff" + std::string(1000, 'b'));
    profile.ip = std::string{
      "1\0"
      "2",
      3};
    refused.add(profile, mismatch("\r" + std::string(1000, 'c')), 1);
    const auto entry = refused.list(1).front();
    CHECK(entry.id.instance == "a?[2J??" + std::string(249, 'b'));
    CHECK(entry.ip == "1?2");
    CHECK(entry.detail == "hashing_mismatch: ?" + std::string(237, 'c'));
    CHECK_FALSE(
      refused.add(profile, mismatch("\r" + std::string(1000, 'c')), 2));
  }
}
