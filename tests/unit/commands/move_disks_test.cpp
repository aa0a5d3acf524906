#include "tests/unit/commands/disk_move_fixture.hpp"

using namespace kvc;
using namespace kvc::test;

namespace {

constexpr auto withheld_text =
  "io_failed: 1 chunks not copied: the peer cannot read it, or has no memory "
  "to do so";

struct disks_fixture : disk_move_fixture {
  /// Has the peer withhold a chunk so often; afterwards it has it no more if it
  /// `is_gone`.
  void withhold(std::uint64_t name, int times, bool is_gone) {
    script.change = [=](chunk_lease& lease) mutable {
      const auto is_withheld = times-- > 0;
      if (!is_withheld && !is_gone)
        return;
      const auto count = std::erase_if(
        lease.chunks, [=](const auto& x) { return x.hash == name; });
      if (is_withheld && count > 0)
        lease.withheld.keys.push_back(name);
    };
  }
};

}  // namespace

TEST_SUITE("move between disks") {
  TEST_CASE_FIXTURE(disks_fixture,
                    "has the source lend and drop what it names "
                    "there") {
    put(source, {1, 2});
    CHECK(run(to_memory(move_of({1, 2}))) == "");
    CHECK(count(outcome::done) == 2);
    CHECK(held(store, {1, 2}) == hashes{1, 2});
    REQUIRE(script.leases.size() == 1);
    CHECK(script.leases[0].where == location::disk);
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].where == location::disk);
    CHECK(script.surrenders[0].hashes == key_block{{1, 2}});
  }

  TEST_CASE_FIXTURE(disks_fixture, "writes what comes past the memory") {
    put(source, {1, 2, 3});
    put_on_disk({2});
    disk_log.take();
    CHECK(run(to_disk(move_of({1, 2, 3, 4}))) == "");
    CHECK(count(outcome::done) == 2);
    CHECK(count(outcome::unchanged) == 1);
    CHECK(count(outcome::absent) == 1);
    CHECK(result.tally.bytes_after == 2 * chunk_bytes);
    CHECK(on_disk({1, 2, 3, 4}) == hashes{1, 2, 3});
    CHECK(disk_log.take() ==
          std::vector<change_recorder::change>{{true, 1}, {true, 3}});
    CHECK(log.take().empty());
    CHECK(store.usage().used_bytes == 0);
    CHECK(script.leases[0].where == location::cpu);
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].where == location::cpu);
    CHECK(script.surrenders[0].hashes == key_block{{1, 2, 3}});
  }

  TEST_CASE_FIXTURE(disks_fixture,
                    "keeps what it wrote until the index knows") {
    put(source, {1});
    reporters[0].is_silent = true;
    const auto answer = begin(to_disk(move_of({1})));
    settle();
    CHECK(clear_on_disk(1) == outcome::in_use);
    CHECK(script.surrenders.empty());
    move_fixture::answer(0);
    CHECK(answer->value);
    CHECK(script.surrenders.size() == 1);
    CHECK(clear_on_disk(1) == outcome::done);
  }

  TEST_CASE_FIXTURE(disks_fixture, "brings a few chunks at a time") {
    put(source, names_to(20));
    CHECK(run(to_memory(move_all())) == "");
    CHECK(count(outcome::done) == 20);
    REQUIRE(script.leases.size() == 2);
    CHECK(script.leases[0].max_chunks == 16);
    CHECK(script.leases[1].cursor == 16);
    CHECK(run(to_disk(move_of(names_to(20)))) == "");
    CHECK(script.leases[2].hashes.keys.size() == 16);
  }

  TEST_CASE_FIXTURE(disks_fixture,
                    "brings at the second try what was withheld") {
    put(source, {1, 2});
    withhold(2, 1, false);
    CHECK(run(to_memory(move_of({1, 2}))) == "");
    CHECK(count(outcome::done) == 2);
    CHECK(script.leases.size() == 2);
    CHECK(script.leases[1].hashes == key_block{{2}});
  }

  TEST_CASE_FIXTURE(disks_fixture, "fails for what stays withheld") {
    put(source, {1, 2});
    withhold(2, 2, false);
    CHECK(run(to_memory(move_of({1, 2}))) == withheld_text);
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].hashes == key_block{{1}});
  }

  TEST_CASE_FIXTURE(disks_fixture, "goes on behind what stays withheld") {
    put(source, names_to(33));
    put(store, names_to(16));
    withhold(1, 2, false);
    CHECK(run(to_memory(move_of(names_to(33)))) == withheld_text);
    CHECK(heard.back().tally.of(outcome::done) == 17);
    REQUIRE(script.surrenders.size() == 1);
    CHECK(script.surrenders[0].hashes.keys.size() == 32);
  }

  TEST_CASE_FIXTURE(disks_fixture, "fails for what was found damaged") {
    put(source, {1, 2});
    withhold(2, 1, true);
    CHECK(run(to_memory(move_of({1, 2}))) == withheld_text);
    CHECK(heard.back().tally.of(outcome::failed) == 1);
    CHECK(heard.back().tally.of(outcome::absent) == 0);
  }

  TEST_CASE_FIXTURE(disks_fixture, "needs little memory on the way") {
    put(source, names_to(16));
    hashes others(195);
    std::iota(others.begin(), others.end(), 1'001);
    put(store, others);
    store.pin(others, std::nullopt);
    CHECK(run(to_disk(move_of(names_to(16)))) == "");
    CHECK(count(outcome::done) == 16);
    CHECK(script.leases.size() == 4);  // For 16, 11, 6 and 1.
    CHECK(on_disk(names_to(16)) == names_to(16));
  }

  TEST_CASE_FIXTURE(disks_fixture, "needs some memory on the way") {
    put(source, {1});
    hashes others(200);
    std::iota(others.begin(), others.end(), 1'001);
    put(store, others);
    store.pin(others, std::nullopt);
    CHECK(run(to_disk(move_of({1}))) ==
          "io_failed: 1 chunks not copied: no memory for it on its way to the "
          "disk");
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(disks_fixture, "gives up what cannot be written") {
    put(source, {1, 2});
    std::filesystem::remove_all(directory.path() / "chunks");
    CHECK(run(to_disk(move_of({1, 2}))) ==
          "io_failed: 2 chunks not copied: not written to disk");
    CHECK(script.leases.size() == 2);
    CHECK(script.surrenders.empty());
  }

  TEST_CASE_FIXTURE(disks_fixture, "has the source drop some files at a time") {
    put(source, {1});
    CHECK(run(to_memory(move_of(hashes(1'100, 1)))) == "");
    CHECK(result.tally.finished() == 1'100);
    REQUIRE(script.surrenders.size() == 2);
    CHECK(script.surrenders[0].hashes.keys.size() == 1'024);
    CHECK(script.surrenders[1].hashes.keys.size() == 76);
  }

  TEST_CASE_FIXTURE(disks_fixture, "believes no list that is too long") {
    put(source, {1, 2});
    script.change = [](chunk_lease& x) { x.withheld.keys = {3}; };
    CHECK(run(to_memory(move_of({1, 2}))) ==
          "invalid_request: more chunks leased than asked for");
    CHECK(script.leases.size() == 2);
  }
}
