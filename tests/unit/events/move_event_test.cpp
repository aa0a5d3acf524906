#include "tests/unit/events/event_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;
using mood = worker_script::mood;

namespace {

/// Instances "a" and "b" of two ranks each.
struct move_event_fixture : executor_fixture {
  move_event_fixture() {
    for (const auto* instance : {"a", "b"})
      for (const std::uint32_t rank : {0U, 1U}) {
        add(rank, mood::prompt, std::uint64_t{256} * (rank + 1), instance);
        auto& x = workers.back();
        x.profile.rank_count = 2;
        x.profile.ip = std::string{"host-of-"} + instance;
        x.profile.transfer_address = "ucx";
        x.epoch = 70 + workers.size();
      }
    start();
  }

  start_event order(const std::string& to = "b") const {
    return {.event_id = "Move1",
            .instance = "a",
            .what = {.verb = operation::move, .hashes = {{7, 8}}},
            .destination = to};
  }

  caf::expected<event_status> move(const start_event& what) {
    return begin(what);
  }
};

}  // namespace

TEST_SUITE("moves by the executor") {
  TEST_CASE_FIXTURE(move_event_fixture, "give each rank its source") {
    auto asked = order();
    asked.what.is_copy = true;
    REQUIRE(move(asked));
    const auto end = check("Move1");
    REQUIRE(end);
    CHECK(end->state == event_state::finished);
    CHECK(end->verb == operation::move);
    CHECK(end->instance == "a");
    CHECK(end->destination == "b");
    CHECK(end->doer() == "b");
    CHECK(end->from == location::cpu);
    CHECK(end->to == location::cpu);
    CHECK(end->tokens == 256);
    REQUIRE(end->ranks.size() == 2);
    CHECK(end->ranks[1].tally.tokens == 512);
    for (const std::uint32_t rank : {0U, 1U}) {
      const auto& orders = scripts[{"b", rank}].orders;
      REQUIRE(orders.size() == 1);
      CHECK(orders[0].id == worker_id{"b", rank});
      CHECK(orders[0].source ==
            peer_address{{"a", rank}, 71 + rank, "host-of-a", 0, "ucx"});
      CHECK(orders[0].what.is_copy);
      CHECK(orders[0].what.hashes == key_block{{7, 8}});
      CHECK(scripts[{"a", rank}].orders.empty());
    }
  }

  TEST_CASE_FIXTURE(move_event_fixture, "have no source within an instance") {
    for (auto& x : workers)
      x.usage.push_back({location::disk, 1, 2, 3});
    auto asked = order("a");
    asked.what.to = location::disk;
    REQUIRE(move(asked));
    const auto end = check("Move1");
    REQUIRE(end);
    CHECK(end->state == event_state::finished);
    CHECK(end->to == location::disk);
    REQUIRE(scripts[{"a", 1}].orders.size() == 1);
    CHECK(scripts[{"a", 1}].orders[0].source == peer_address{});
    CHECK(scripts[{"b", 1}].orders.empty());
  }

  TEST_CASE_FIXTURE(move_event_fixture,
                    "name the ranks that do not take part") {
    workers.pop_back();
    REQUIRE(move(order()));
    const auto end = check("Move1");
    REQUIRE(end);
    CHECK(end->state == event_state::failed);
    REQUIRE(end->ranks.size() == 2);
    CHECK(end->ranks[0].state == event_state::finished);
    CHECK(end->ranks[1].code == -1006);
    CHECK(end->ranks[1].error == "announced, but not registered");
  }

  TEST_CASE_FIXTURE(move_event_fixture, "are refused before anything starts") {
    const auto why = [this](const start_event& what) {
      const auto begun = move(what);
      return begun ? "" : describe(begun.error());
    };
    CHECK(why(order("c")) == "unknown_instance: c");
    CHECK(why(order("a")) ==
          "invalid_request: old_position and new_position are the same");
    workers[3].profile.model = workers[2].profile.model = "qwen";
    CHECK(why(order()) == "shapes_differ: a serves model '', b 'qwen'");
    workers[3].profile.model = workers[2].profile.model = "";
    workers[3].profile.transfer_address = "";
    CHECK(why(order()) == "p2p_disabled: b/1 runs without enable_p2p");
    CHECK(check("Move1").error() == errc::unknown_event);
    for (const auto& [id, script] : scripts)
      CHECK(script.orders.empty());
  }
}
