#include "actors/store/disk_writer.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/support/disk_store_fixture.hpp"

#include <caf/send.hpp>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

struct writer_fixture : disk_store_fixture {
  deterministic_system system;
  disk_writer_actor aut = system.spawn(disk_writer, store.get());

  ~writer_fixture() override { system.kill(aut); }

  std::size_t drain(std::chrono::milliseconds patience) {
    const auto answer = system.ask<queue_drained>(aut, drain_queue{patience});
    REQUIRE(answer);
    return answer->dropped_chunks;
  }
};

}  // namespace

TEST_SUITE("disk_writer") {
  TEST_CASE_FIXTURE(writer_fixture, "writes what is offered") {
    offer({1, 2});
    CHECK(store->usage().chunks == 0);
    system.run();
    CHECK(log.take() == changes{{true, 1}, {true, 2}});
    offer({3});
    system.run();
    CHECK(log.take() == changes{{true, 3}});
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "writes what waited for it") {
    offer({1, 2});
    deterministic_system system;
    const auto aut = system.spawn(disk_writer, store.get());
    CHECK(store->usage().chunks == 2);
    system.kill(aut);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "writes only when it may") {
    options.waits_to_change = true;
    reopen();
    deterministic_system system;
    const auto aut = system.spawn(disk_writer, store.get());
    offer({1, 2});
    system.run();
    CHECK(store->usage().chunks == 0);
    SUBCASE("from then on") {
      caf::anon_send(aut, allow_changes{});
      system.run();
      CHECK(store->usage().chunks == 2);
      offer({3});
      system.run();
      CHECK(store->usage().chunks == 3);
    }
    SUBCASE("at its end neither") {
      const auto answer = system.ask<queue_drained>(aut, drain_queue{1s});
      REQUIRE(answer);
      CHECK(answer->dropped_chunks == 2);
      CHECK(files().empty());
    }
    system.kill(aut);
  }

  TEST_CASE_FIXTURE(writer_fixture, "ends between two chunks") {
    auto kept = kept_of(hashes{1, 2});
    const std::weak_ptr<const void> second = kept[1].owner;
    store->offer(std::exchange(kept, {}));
    system.kill(aut);  // Comes after the first chunk's turn.
    CHECK(store->usage().chunks == 1);
    CHECK(second.expired());
    CHECK(store->state().queued_chunks == 0);
    CHECK(offer({3}) == 0);
  }

  TEST_CASE_FIXTURE(writer_fixture, "drains what waits") {
    offer({1, 2, 3});
    CHECK(drain(1s) == 0);
    CHECK(store->usage().chunks == 3);
    CHECK(offer({4}) == 0);
    CHECK(drain(1s) == 0);
  }

  TEST_CASE_FIXTURE(writer_fixture, "drops what it has no time to drain") {
    offer({1, 2, 3});
    CHECK(drain(0s) == 2);
    CHECK(store->usage().chunks == 1);
    CHECK(store->state().queued_chunks == 0);
    CHECK(offer({4}) == 0);
  }
}
