#include "tests/support/disk_store_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using enum chunk_outcome;

namespace {

struct commands_fixture : disk_store_fixture {
  outcomes pin(const hashes& names, int seconds = 0) {
    const auto until = now + std::chrono::seconds{seconds};
    return outcomes_of(
      store->pin(names, seconds == 0 ? std::nullopt : std::optional{until}));
  }

  outcomes unpin(const hashes& names) {
    return outcomes_of(store->unpin(names));
  }

  outcomes clear(const hashes& names) {
    return outcomes_of(store->clear(names));
  }

  void pass(int seconds) { now += std::chrono::seconds{seconds}; }
};

}  // namespace

TEST_SUITE("disk_store commands") {
  TEST_CASE_FIXTURE(commands_fixture, "says what it cleared, and why not") {
    put({1, 2, 3});
    pin({2});
    log.take();
    const auto cleared = store->clear(hashes{1, 9, 2, 3, 3});
    CHECK(outcomes_of(cleared) == outcomes{done, absent, pinned, done, absent});
    CHECK(cleared[0] == chunk_change{done, 16, file_bytes, 0});
    CHECK(cleared[2] == chunk_change{.outcome = pinned});
    CHECK(log.take() == changes{{false, 1}, {false, 3}});
    CHECK(files().size() == 1);
    CHECK(store->usage().chunks == 1);
    CHECK(store->usage().used_bytes == file_bytes);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(commands_fixture, "clears what waits, though not here") {
    offer({1, 2, 3});
    CHECK(clear({2, 9}) == outcomes{absent, absent});
    CHECK(store->state().queued_chunks == 2);
    CHECK(store->state().queued_bytes == 2 * raw_bytes);
    CHECK(store->check() == "");
    write_all(*store);
    CHECK(log.take() == changes{{true, 1}, {true, 3}});
    CHECK(offer({2}) == 1);
    write_all(*store);
    CHECK(has(2));
  }

  TEST_CASE_FIXTURE(commands_fixture,
                    "neither evicts nor clears what is held") {
    put({1, 2, 3});
    std::vector<disk_hold> holds;
    for (const std::uint64_t name : {1U, 1U, 2U})
      holds.push_back(*store->hold(name));
    CHECK_FALSE(store->hold(9));
    CHECK(clear({1, 2}) == outcomes{in_use, in_use});
    put({4, 5});  // 3 goes.
    CHECK(log.take().back() == change_recorder::change{true, 5});
    CHECK(has(1));
    CHECK(store->check() == "");
    holds.pop_back();
    holds.pop_back();
    CHECK(clear({1, 2}) == outcomes{in_use, done});
    holds.pop_back();
    CHECK(clear({1}) == outcomes{done});
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(commands_fixture, "counts a chunk as used after a hold") {
    put({1});
    put({2});
    store->hold(1).reset();
    CHECK(eviction_order() == hashes{2, 1});
  }

  TEST_CASE_FIXTURE(commands_fixture,
                    "lets pins and holds alone with another") {
    put({1});
    pin({1}, 60);
    auto hold = store->hold(1);
    CHECK(unpin({1}) == outcomes{done});
    CHECK(clear({1}) == outcomes{in_use});
    pin({1}, 60);
    hold.reset();
    CHECK(clear({1}) == outcomes{pinned});
    pass(61);
    CHECK(clear({1}) == outcomes{done});
  }

  TEST_CASE_FIXTURE(commands_fixture, "holds through a recode, not a loss") {
    put({1});
    auto hold = store->hold(1);
    CHECK(store->recode(1, codec_id::zstd).outcome == done);
    CHECK(clear({1}) == outcomes{in_use});
    std::filesystem::resize_file(files().at(0), header_bytes + 1);
    CHECK_FALSE(has(1));
    put({1});
    const auto other = store->hold(1);
    hold.reset();  // Of what was lost.
    CHECK(clear({1}) == outcomes{in_use});
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(commands_fixture, "never evicts what is pinned") {
    put({1, 2, 3, 4});
    CHECK(pin({1, 3}) == outcomes{done, done});
    CHECK(eviction_order() == hashes{4, 2, 100, 101});
    CHECK(store->count_prefix(hashes{1, 3}) == 2);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(commands_fixture, "pins a prefix only") {
    put({1, 2, 4});
    const auto changed = store->pin(hashes{1, 2, 3, 4}, std::nullopt);
    CHECK(outcomes_of(changed) == outcomes{done, done, absent, absent});
    CHECK(changed[0] == chunk_change{done, 16, file_bytes, file_bytes});
    CHECK(clear({1, 2, 4}) == outcomes{pinned, pinned, done});
  }

  TEST_CASE_FIXTURE(commands_fixture, "counts pins") {
    put({1, 2});
    pin({1, 2});
    pin({1});
    CHECK(unpin({1, 2, 3}) == outcomes{done, done, absent});
    CHECK(unpin({1, 2}) == outcomes{done, unchanged});
    CHECK(unpin({1}) == outcomes{unchanged});
    CHECK(store->unpin(hashes{1})[0] == chunk_change{.outcome = unchanged});
    pin({2});
    CHECK(store->unpin(hashes{2})[0] ==
          chunk_change{done, 16, file_bytes, file_bytes});
    CHECK(clear({1, 2}) == outcomes{done, done});
  }

  TEST_CASE_FIXTURE(commands_fixture, "ends a pin at its time") {
    put({1, 2, 3, 4});
    pin({1, 2}, 10);
    pin({1}, 20);
    pass(9);
    CHECK(clear({1, 2}) == outcomes{pinned, pinned});
    pass(1);
    SUBCASE("when it clears") {
      CHECK(clear({1, 2}) == outcomes{pinned, done});
    }
    SUBCASE("when it needs room") {
      put({5, 6, 7});
      CHECK(store->count_prefix(hashes{1, 5, 6, 7}) == 4);
    }
    SUBCASE("when it unpins") {
      CHECK(unpin({1, 2}) == outcomes{done, unchanged});
    }
    SUBCASE("when it pins") {
      pin({2});
      CHECK(unpin({2}) == outcomes{done});
      CHECK(unpin({2}) == outcomes{unchanged});
    }
    SUBCASE("when it checks itself") {
      CHECK(store->check() == "");
      now = {};
      CHECK(clear({1, 2}) == outcomes{pinned, done});
    }
  }

  TEST_CASE_FIXTURE(commands_fixture, "dates a pin by its end, tail first") {
    put({1, 2});
    pin({1, 2}, 10);
    put({3, 4});
    SUBCASE("taken back") {
      unpin({1, 2});
      CHECK(eviction_order() == hashes{4, 3, 2, 1});
    }
    SUBCASE("over by itself") {
      pass(10);
      CHECK(eviction_order() == hashes{4, 3, 2, 1});
    }
  }
}
