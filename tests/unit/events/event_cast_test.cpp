#include "actors/events/event_cast.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace kvc;

namespace {

/// "a" and "b" have two ranks each, with memory and disk.
struct cast_fixture {
  std::vector<worker_record> fleet;
  start_event order{.event_id = "Move1",
                    .instance = "a",
                    .what = {.verb = operation::move},
                    .destination = "b"};

  cast_fixture() {
    for (const auto* instance : {"a", "b"})
      for (const std::uint32_t rank : {0U, 1U})
        add({instance, rank});
  }

  void add(const worker_id& id) {
    worker_record x;
    x.profile.id = id;
    x.profile.rank_count = 2;
    x.profile.model = "llama";
    x.profile.ip = "10.0.0." + std::to_string(fleet.size());
    x.profile.port = static_cast<std::uint16_t>(8'000 + fleet.size());
    x.profile.transfer_address = "ucx" + std::to_string(fleet.size());
    x.epoch = 40 + fleet.size();
    x.usage = {{location::cpu, 1, 2, 3}, {location::disk, 1, 2, 3}};
    fleet.push_back(x);
  }

  /// Why nobody does it; empty if somebody does.
  std::string objection() const {
    const auto cast = choose_cast(fleet, order);
    return cast ? "" : describe(cast.error());
  }

  std::vector<std::string> doers() const {
    const auto cast = choose_cast(fleet, order);
    REQUIRE(cast);
    std::vector<std::string> result;
    for (const auto& x : cast->workers)
      result.push_back(to_string(x.profile.id));
    return result;
  }
};

using texts = std::vector<std::string>;

}  // namespace

TEST_SUITE("event_cast") {
  TEST_CASE_FIXTURE(cast_fixture, "has each rank take from the same rank") {
    CHECK(doers() == texts{"b/0", "b/1"});
    const auto cast = choose_cast(fleet, order);
    REQUIRE(cast);
    REQUIRE(cast->sources.size() == 2);
    CHECK(cast->sources.at(0) ==
          peer_address{{"a", 0}, 40, "10.0.0.0", 8'000, "ucx0"});
    CHECK(cast->sources.at(1) ==
          peer_address{{"a", 1}, 41, "10.0.0.1", 8'001, "ucx1"});
  }

  TEST_CASE_FIXTURE(cast_fixture, "has no sources within an instance") {
    order.destination = "a";
    order.what.to = location::disk;
    CHECK(doers() == texts{"a/0", "a/1"});
    const auto cast = choose_cast(fleet, order);
    CHECK(cast->sources.empty());
    fleet[0].profile.transfer_address.clear();
    CHECK(objection() == "");
    order.what.where = location::disk;
    CHECK(objection() ==
          "invalid_request: old_position and new_position are the same");
  }

  TEST_CASE_FIXTURE(cast_fixture, "needs both instances") {
    order.instance = "c";
    CHECK(objection() == "unknown_instance: c");
    order.instance = "a";
    order.destination = "d";
    CHECK(objection() == "unknown_instance: d");
    order.destination = "";
    CHECK(objection() == "unknown_instance: ");
  }

  TEST_CASE_FIXTURE(cast_fixture, "needs the location at both ends") {
    fleet[1].usage.erase(fleet[1].usage.begin());
    CHECK(objection() == "unknown_location: LocalCPUBackend of a/1");
    fleet[1].usage = fleet[0].usage;
    fleet[2].usage.erase(fleet[2].usage.begin());
    CHECK(objection() == "unknown_location: LocalCPUBackend of b/0");
  }

  TEST_CASE_FIXTURE(cast_fixture, "moves between any locations") {
    order.what.to = location::disk;
    CHECK(objection() == "");
    order.what = {.verb = operation::move, .where = location::disk};
    CHECK(objection() == "");
    fleet[1].usage.pop_back();
    CHECK(objection() == "unknown_location: LocalDiskBackend of a/1");
  }

  TEST_CASE_FIXTURE(cast_fixture, "moves between equals only") {
    for (const std::size_t i : {2U, 3U})
      fleet[i].profile.rank_count = 4;
    CHECK(objection() == "shapes_differ: a has 2 ranks, b has 4");
    for (const std::size_t i : {2U, 3U}) {
      fleet[i].profile.rank_count = 2;
      fleet[i].profile.model = "qwen";
    }
    CHECK(objection() == "shapes_differ: a serves model 'llama', b 'qwen'");
  }

  TEST_CASE_FIXTURE(cast_fixture, "needs a transport at both ends") {
    fleet[1].profile.transfer_address.clear();
    CHECK(objection() == "p2p_disabled: a/1 runs without enable_p2p");
    fleet[1].profile.transfer_address = "x";
    fleet[3].profile.transfer_address.clear();
    CHECK(objection() == "p2p_disabled: b/1 runs without enable_p2p");
  }

  TEST_CASE_FIXTURE(cast_fixture, "waits for ranks of the source") {
    fleet.erase(fleet.begin() + 1);
    CHECK(objection() == "not_ready: a/1 is not registered");
  }

  TEST_CASE_FIXTURE(cast_fixture,
                    "leaves missing ranks of the doer to others") {
    fleet.pop_back();
    CHECK(doers() == texts{"b/0"});
  }

  TEST_CASE_FIXTURE(cast_fixture, "has an instance do all else itself") {
    order.what = {.verb = operation::clear, .where = location::disk};
    CHECK(doers() == texts{"a/0", "a/1"});
    CHECK(choose_cast(fleet, order)->sources.empty());
    fleet[1].usage.pop_back();
    CHECK(objection() == "unknown_location: LocalDiskBackend of a/1");
    order.what.verb = operation::health;
    CHECK(objection() == "");
    order.instance = "x";
    CHECK(objection() == "unknown_instance: x");
  }
}
