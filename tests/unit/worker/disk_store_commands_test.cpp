#include "tests/unit/worker/disk_store_fixture.hpp"

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

  /// Whether recode() says `done`.
  bool recode(std::uint64_t hash, codec target) {
    return store->recode(hash, target).outcome == done;
  }

  /// Changes a byte of the only file.
  void damage_only_file(std::size_t offset) const {
    REQUIRE(files().size() == 1);
    auto content = bytes_in(files()[0]);
    content.at(offset) ^= std::byte{1};
    put_bytes(files()[0], content);
  }
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

  TEST_CASE_FIXTURE(commands_fixture, "forgets a chunk's pins with the chunk") {
    put({1});
    pin({1});
    damage_only_file(header_bytes);
    CHECK(!has(1));
    put({1});
    CHECK(clear({1}) == outcomes{done});
  }

  TEST_CASE_FIXTURE(commands_fixture, "keeps a chunk in the form asked for") {
    put({1, 2});
    log.take();
    const auto size = header_bytes + encoded_bytes(1, codec::zstd);
    CHECK(store->recode(1, codec::zstd) ==
          chunk_change{done, 16, file_bytes, size});
    CHECK(has(1));
    CHECK(has(2));
    CHECK(store->usage().used_bytes == file_bytes + size);
    CHECK(store->usage().chunks == 2);
    CHECK(files().size() == 2);
    CHECK(store->recode(1, codec::lz4) ==
          chunk_change{done, 16, size,
                       header_bytes + encoded_bytes(1, codec::lz4)});
    CHECK(has(1));
    CHECK(recode(1, codec::none));
    CHECK(has(1));
    CHECK(store->usage().used_bytes == 2 * file_bytes);
    CHECK(files().size() == 2);
    CHECK(store->check() == "");
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(commands_fixture, "says why it recodes nothing") {
    put({1, first_noise});
    REQUIRE(recode(1, codec::lz4));
    CHECK(store->recode(1, codec::lz4) == chunk_change{.outcome = unchanged});
    CHECK(store->recode(first_noise, codec::none) ==
          chunk_change{.outcome = unchanged});
    CHECK(store->recode(9, codec::zstd) == chunk_change{});
    CHECK(store->recode(first_noise, codec::zstd) ==
          chunk_change{.outcome = incompressible});
    CHECK(store->recode(1, codec::int8) == chunk_change{.outcome = unsuitable});
    CHECK(has(1));
    CHECK(has(first_noise));
    CHECK(files().size() == 2);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(commands_fixture, "recodes by the format of its chunks") {
    options.identity.format = {"float32", {2, 16, 4}};
    options.directory = directory.path() / "others";
    reopen();
    put({1});
    CHECK(recode(1, codec::int8));
    bytes raw(raw_bytes);
    CHECK(store->read(1, raw));
  }

  TEST_CASE_FIXTURE(commands_fixture, "is no use of a chunk to recode it") {
    put({1});
    put({2});
    put({3});
    REQUIRE(recode(1, codec::zstd));
    REQUIRE(recode(1, codec::none));
    REQUIRE(recode(2, codec::zstd));
    REQUIRE(recode(2, codec::none));
    CHECK(eviction_order() == hashes{1, 2, 3});
  }

  TEST_CASE_FIXTURE(commands_fixture, "evicts others for a smaller form") {
    put({1});
    put({2});
    put({3, 4});
    log.take();
    CHECK(recode(1, codec::zstd));
    CHECK(log.take() == changes{{false, 2}});
    CHECK(recode(3, codec::zstd));
    CHECK(log.take().empty());
    CHECK(files().size() == 3);
  }

  TEST_CASE_FIXTURE(commands_fixture, "evicts nothing for a larger form") {
    put({1});
    REQUIRE(recode(1, codec::zstd));
    put({2, 3, 4});
    log.take();
    CHECK(store->recode(1, codec::none) == chunk_change{.outcome = no_room});
    CHECK(log.take().empty());
    CHECK(has(1));
    CHECK(store->usage().chunks == 4);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(commands_fixture, "recodes what is pinned if it has room") {
    put({1, 2, 3, 4});
    pin({1, 2, 3, 4});
    CHECK(store->recode(1, codec::zstd) == chunk_change{.outcome = no_room});
    unpin({4});
    CHECK(recode(1, codec::zstd));
    CHECK(clear({1, 4}) == outcomes{pinned, absent});
    CHECK(store->check() == "");
    unpin({1});
    CHECK(clear({1}) == outcomes{done});
  }

  TEST_CASE_FIXTURE(commands_fixture, "serves and recodes nothing damaged") {
    put({1});
    SUBCASE("in the payload of a read") {
      damage_only_file(file_bytes - 1);
      CHECK(!has(1));
    }
    SUBCASE("in the header of a read") {
      damage_only_file(9);
      CHECK(!has(1));
    }
    SUBCASE("in the payload of a recode") {
      damage_only_file(header_bytes);
      CHECK(store->recode(1, codec::zstd) == chunk_change{.outcome = failed});
    }
    CHECK(log.take() == changes{{true, 1}, {false, 1}});
    CHECK(files().empty());
    CHECK(quarantined() == 1);
    CHECK(store->state().quarantined == 1);
    CHECK(!store->state().last_error.empty());
    CHECK(store->usage().used_bytes == 0);
    CHECK(store->check() == "");
    put({1});
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(commands_fixture, "serves no other chunk's sound file") {
    put({1});
    const auto one = bytes_in(files().at(0));
    store->clear(hashes{1});
    put({2});
    put_bytes(files().at(0), one);
    CHECK(!has(2));
    CHECK(quarantined() == 1);
  }

  TEST_CASE_FIXTURE(commands_fixture, "forgets a file that is gone") {
    put({1, 2});
    log.take();
    const auto all = files();
    SUBCASE("when it reads") {
      std::filesystem::remove(all[0]);
      CHECK(!has(1));
    }
    SUBCASE("when it recodes") {
      std::filesystem::remove(all[0]);
      CHECK(store->recode(1, codec::zstd).outcome == failed);
    }
    SUBCASE("when it clears") {
      std::filesystem::remove(all[0]);
      CHECK(clear({1}) == outcomes{done});
    }
    CHECK(log.take() == changes{{false, 1}});
    CHECK(quarantined() == 0);
    CHECK(store->state().quarantined == 0);
    CHECK(store->usage().used_bytes == file_bytes);
    CHECK(has(2));
  }

  TEST_CASE_FIXTURE(commands_fixture, "keeps a chunk it cannot read now") {
    put({1});
    log.take();
    const auto file = files().at(0);
    std::filesystem::rename(file, directory.path() / "away");
    std::filesystem::create_symlink(directory.path() / "away", file);
    CHECK(!has(1));
    CHECK(log.take().empty());
    CHECK(store->state().last_error.find("io_failed: open") == 0);
    std::filesystem::rename(directory.path() / "away", file);
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(commands_fixture, "overwrites nothing in quarantine") {
    for (int i = 0; i < 3; ++i) {
      put({1});
      const auto file = files().at(0);
      std::filesystem::rename(file, file.parent_path() / "odd");
      reopen();
    }
    CHECK(quarantined() == 3);
    CHECK(files().empty());
  }
}
