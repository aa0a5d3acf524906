#include "tests/unit/store/cpu_store_fixture.hpp"

using namespace kvc;
using kvc::test::hashes;

namespace {

using changes = std::vector<test::change_recorder::change>;
using outcomes = std::vector<chunk_outcome>;
using enum chunk_outcome;

struct pins_fixture : test::cpu_store_fixture {
  outcomes pin(const hashes& names, int seconds = 0) {
    const auto until = now + std::chrono::seconds{seconds};
    return outcomes_of(
      store.pin(names, seconds == 0 ? std::nullopt : std::optional{until}));
  }

  outcomes unpin(const hashes& names) {
    return outcomes_of(store.unpin(names));
  }

  outcomes clear(const hashes& names) {
    return outcomes_of(store.clear(names));
  }

  void pass(int seconds) { now += std::chrono::seconds{seconds}; }

  static outcomes outcomes_of(const std::vector<chunk_change>& all) {
    outcomes result;
    for (const auto& each : all)
      result.push_back(each.outcome);
    return result;
  }
};

}  // namespace

TEST_SUITE("cpu_store pins") {
  TEST_CASE_FIXTURE(pins_fixture, "never evicts what is pinned") {
    put({1, 2, 3, 4});
    CHECK(pin({1, 3}) == outcomes{done, done});
    CHECK(eviction_order() == hashes{4, 2, 100, 101});
    CHECK(store.count_prefix(hashes{1, 3}) == 2);
    CHECK(test::evict(store, hashes{1, 3}) == 0);
    CHECK(store.check() == "");
  }

  TEST_CASE_FIXTURE(pins_fixture, "says what it cleared, and why not") {
    put({1, 2, 3, 4});
    pin({2});
    const auto reader = store.acquire(hashes{2, 3});
    log.take();
    const auto cleared = store.clear(hashes{1, 9, 2, 3, 4, 4});
    CHECK(outcomes_of(cleared) ==
          outcomes{done, absent, pinned, in_use, done, absent});
    CHECK(cleared[0] == chunk_change{done, 16, test::chunk_bytes, 0});
    CHECK(cleared[2] == chunk_change{.outcome = pinned});
    CHECK(log.take() == changes{{false, 1}, {false, 4}});
    CHECK(store.usage().chunks == 2);
  }

  TEST_CASE_FIXTURE(pins_fixture, "pins a prefix only") {
    put({1, 2, 4});
    const auto changed = store.pin(hashes{1, 2, 3, 4}, std::nullopt);
    CHECK(outcomes_of(changed) == outcomes{done, done, absent, absent});
    CHECK(changed[0] ==
          chunk_change{done, 16, test::chunk_bytes, test::chunk_bytes});
    CHECK(clear({1, 2, 4}) == outcomes{pinned, pinned, done});
  }

  TEST_CASE_FIXTURE(pins_fixture, "counts pins") {
    put({1, 2});
    pin({1, 2});
    pin({1});
    CHECK(unpin({1, 2, 3}) == outcomes{done, done, absent});
    CHECK(unpin({1, 2}) == outcomes{done, unchanged});
    CHECK(unpin({1}) == outcomes{unchanged});
    CHECK(store.unpin(hashes{1}).front() == chunk_change{.outcome = unchanged});
    pin({1, 1});
    CHECK(unpin({1}) == outcomes{done});
    CHECK(clear({1, 2}) == outcomes{pinned, done});
    CHECK(unpin({1}) == outcomes{done});
    CHECK(clear({1}) == outcomes{done});
  }

  TEST_CASE_FIXTURE(pins_fixture, "ends a pin at its time") {
    put({1, 2, 3, 4});
    pin({1, 2}, 10);
    pin({1}, 20);
    pass(9);
    CHECK(clear({1, 2}) == outcomes{pinned, pinned});
    pass(1);
    SUBCASE("when it clears") {
      CHECK(clear({1, 2}) == outcomes{pinned, done});
      pass(10);
      CHECK(clear({1}) == outcomes{done});
    }
    SUBCASE("when it needs room") {
      CHECK(put({5, 6, 7}) == 3);
      CHECK(store.count_prefix(hashes{1, 5, 6, 7}) == 4);
      pass(10);
      CHECK(put({8, 9, 10, 11}) == 4);
    }
    SUBCASE("when it unpins") {
      CHECK(unpin({1, 2}) == outcomes{done, unchanged});
      CHECK(unpin({1}) == outcomes{unchanged});
    }
    SUBCASE("when it pins") {
      pin({2});
      CHECK(unpin({2}) == outcomes{done});
      CHECK(unpin({2}) == outcomes{unchanged});
    }
    SUBCASE("when it checks itself") {
      CHECK(store.check() == "");
      now = {};
      CHECK(clear({1, 2}) == outcomes{pinned, done});
    }
  }

  TEST_CASE_FIXTURE(pins_fixture, "places nothing while all is pinned") {
    put({1, 2, 3, 4});
    pin({1, 2, 3, 4});
    log.take();
    CHECK(put({5}) == 0);
    CHECK(reserve({5, 1}).size() == 0);
    CHECK(reserve({1, 5}).size() == 1);
    CHECK(log.take().empty());
    CHECK(store.check() == "");
    unpin({2});
    CHECK(put({5}) == 1);
    CHECK(log.take() == changes{{false, 2}, {true, 5}});
  }

  TEST_CASE_FIXTURE(pins_fixture, "evicts nothing for what pins keep out") {
    put({1, 2, 3, 4});
    pin({1});
    log.take();
    const std::vector<new_chunk> large{{.hash = 9, .bytes = 193, .tokens = 1}};
    CHECK(store.reserve(large).size() == 0);
    CHECK(log.take().empty());
    const std::vector<new_chunk> fits{{.hash = 9, .bytes = 192, .tokens = 1}};
    CHECK(store.reserve(fits).size() == 1);
    CHECK(log.take() == changes{{false, 4}, {false, 3}, {false, 2}});
  }

  TEST_CASE_FIXTURE(pins_fixture, "keeps pins and uses apart") {
    put({1});
    SUBCASE("if the use ends first") {
      {
        const auto reader = store.acquire(hashes{1});
        pin({1});
      }
      CHECK(clear({1}) == outcomes{pinned});
      unpin({1});
    }
    SUBCASE("if the pin ends first") {
      pin({1});
      {
        const auto reader = store.acquire(hashes{1});
        unpin({1});
        CHECK(clear({1}) == outcomes{in_use});
      }
    }
    SUBCASE("if it is stored again meanwhile") {
      pin({1});
      CHECK(put({1}) == 0);
      CHECK(clear({1}) == outcomes{pinned});
      unpin({1});
    }
    CHECK(store.check() == "");
    CHECK(clear({1}) == outcomes{done});
  }

  TEST_CASE_FIXTURE(pins_fixture, "dates a pin by its end, the tail first") {
    put({1, 2});
    pin({1, 2}, 10);
    put({3, 4});
    SUBCASE("taken back") {
      unpin({1, 2});
      CHECK(eviction_order() == hashes{4, 3, 2, 1});
    }
    SUBCASE("over by itself") {
      pass(10);
      CHECK(store.check() == "");
      CHECK(eviction_order() == hashes{4, 3, 2, 1});
    }
  }

  TEST_CASE_FIXTURE(pins_fixture, "forgets a chunk's pins with the chunk") {
    put({1, 2});
    pin({1, 2});
    {
      const auto reader = store.acquire(hashes{1});
      store.discard(1);
      CHECK(store.count_prefix(hashes{1}) == 1);
    }
    log.take();
    store.discard(1);
    store.discard(9);
    CHECK(log.take() == changes{{false, 1}});
    CHECK(store.check() == "");
    put({1});
    CHECK(clear({1, 2}) == outcomes{done, pinned});
  }
}
