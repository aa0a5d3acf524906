#include "tests/support/disk_store_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using enum chunk_outcome;

namespace {

/// Notes how many files there are whenever it is told of a change.
struct file_counter final : membership_listener {
  std::filesystem::path directory;
  std::vector<std::size_t> files;

  void chunks_admitted(location, std::span<const std::uint64_t>) override {
    count();
  }

  void chunks_evicted(location, std::span<const std::uint64_t>) override {
    count();
  }

  void count() { files.push_back(files_below(directory).size() - 1); }
};

}  // namespace

TEST_SUITE("disk_store") {
  TEST_CASE_FIXTURE(disk_store_fixture, "has a chunk once it is written") {
    CHECK(offer({1, 2}) == 2);
    CHECK(store->count_prefix(hashes{1}) == 0);
    CHECK(!has(1));
    CHECK(log.take().empty());
    CHECK(store->write_next());
    CHECK(log.take() == changes{{true, 1}});
    CHECK(has(1));
    CHECK(!has(2));
    CHECK(!store->write_next());
    CHECK(log.take() == changes{{true, 2}});
    CHECK(has(2));
    CHECK(store->count_prefix(hashes{1, 2, 3}) == 2);
    CHECK(store->count_prefix(hashes{3, 1}) == 0);
    CHECK(!store->write_next());
    const auto usage = store->usage();
    CHECK(usage.where == location::disk);
    CHECK(usage.chunks == 2);
    CHECK(usage.used_bytes == 2 * file_bytes);
    CHECK(usage.capacity_bytes == 4 * file_bytes);
    CHECK(scan_all(*store) == std::set<std::uint64_t>{1, 2});
    CHECK(store->check() == "");
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "spreads its files by their hashes") {
    put({0xAB00000000000001, 0xAC00000000000001});
    REQUIRE(files().size() == 2);
    const auto home = home_of(files()[0]);
    CHECK(home.parent_path() == options.directory);
    CHECK(home.filename() == "llama-f50876ed1b84355b");
    CHECK(files()[0].parent_path() == home / "ab");
    CHECK(files()[1].parent_path() == home / "ac");
    CHECK(std::filesystem::file_size(files()[0]) == file_bytes);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "keeps what was compressed before") {
    const auto encoded = encode(codec_id::zstd, raw_of(1), {});
    REQUIRE(encoded);
    auto kept = kept_of(1);
    kept.codec = codec_id::zstd;
    kept.bytes = **encoded;
    store->offer({kept});
    write_all(*store);
    CHECK(has(1));
    CHECK(store->usage().used_bytes == header_bytes + (**encoded).size());
    CHECK(store->recode(1, codec_id::zstd).outcome == unchanged);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "reads no chunk of another size") {
    put({1});
    bytes raw(raw_bytes - 1);
    CHECK(!store->read(1, raw));
    raw.resize(raw_bytes + 1);
    CHECK(!store->read(1, raw));
    CHECK(has(1));
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "lets go of what it does not need") {
    put({1});
    auto kept = kept_of(hashes{1, 2, 2});
    const std::weak_ptr<const void> held = kept[0].owner;
    const std::weak_ptr<const void> waiting = kept[1].owner;
    const std::weak_ptr<const void> repeated = kept[2].owner;
    CHECK(store->offer(std::exchange(kept, {})).taken == 1);
    CHECK(held.expired());
    CHECK(repeated.expired());
    CHECK(!waiting.expired());
    CHECK(offer({2}) == 0);
    CHECK(store->state().queued_chunks == 1);
    write_all(*store);
    CHECK(waiting.expired());
    CHECK(log.take() == changes{{true, 1}, {true, 2}});
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "lets no more wait than it may") {
    hashes names;
    for (std::uint64_t i = 1; i <= 12; ++i)
      names.push_back(i);
    CHECK(offer(names) == 10);
    auto state = store->state();
    CHECK(state.queued_chunks == 10);
    CHECK(state.queued_bytes == 10 * raw_bytes);
    CHECK(state.refused_chunks == 2);
    CHECK(store->check() == "");
    store->write_next();
    CHECK(offer({11, 12}) == 1);
    state = store->state();
    CHECK(state.queued_chunks == 10);
    CHECK(state.refused_chunks == 3);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "wakes its writer when work comes") {
    int wakes = 0;
    store->on_work([&] { ++wakes; });
    CHECK(wakes == 0);
    offer({1, 2});
    CHECK(wakes == 1);
    offer({3});
    CHECK(wakes == 1);
    store->write_next();
    store->write_next();
    store->write_next();
    CHECK(wakes == 1);
    offer({1});
    CHECK(wakes == 1);
    offer({4});
    CHECK(wakes == 2);
    store->clear(hashes{4});
    offer({5});
    CHECK(wakes == 2);
    store->clear(hashes{5});
    CHECK(!store->write_next());
    offer({6});
    CHECK(wakes == 3);
    int later_wakes = 0;
    store->on_work([&] { ++later_wakes; });
    CHECK(later_wakes == 1);
    store->on_work({});
    write_all(*store);
    offer({7});
    CHECK(wakes == 3);
    CHECK(later_wakes == 1);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "takes nothing after its last offer") {
    put({1});
    offer({2, 3});
    CHECK(store->stop_offers() == 2);
    CHECK(store->state().queued_bytes == 0);
    CHECK(offer({4}) == 0);
    CHECK(!store->write_next());
    CHECK(has(1));
    CHECK(store->check() == "");
    CHECK(log.take() == changes{{true, 1}});
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "drops what is unused for longest") {
    put({1});
    put({2});
    put({3});
    put({4});
    log.take();
    CHECK(has(1));
    CHECK(store->count_prefix(hashes{2}) == 1);
    put({5});
    CHECK(log.take() == changes{{false, 2}, {true, 5}});
    CHECK(!has(2));
    offer({3});
    store->touch(hashes{4});
    CHECK(eviction_order() == hashes{1, 5, 3, 4});
    CHECK(files().size() == 4);
    CHECK(store->usage().used_bytes == 4 * file_bytes);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "drops a prompt's tail first") {
    put({1, 2, 3});
    put({4});
    SUBCASE("after it was written") {
      CHECK(eviction_order() == hashes{3, 2, 1, 4});
    }
    SUBCASE("after it was used") {
      store->touch(hashes{1, 9, 2});
      CHECK(eviction_order() == hashes{3, 4, 2, 1});
    }
    SUBCASE("after it grew") {
      store->clear(hashes{4});
      put({1, 2, 3, 4});
      CHECK(eviction_order() == hashes{4, 3, 2, 1});
    }
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "says of a change while files exist") {
    file_counter counter;
    counter.directory = options.directory;
    options.listener = &counter;
    reopen();
    offer({1, 2, 3, 4, 5});
    store->write_next();
    CHECK(counter.files == std::vector<std::size_t>{1});
    write_all(*store);
    CHECK(counter.files == std::vector<std::size_t>{1, 2, 3, 4, 4, 4});
    store->clear(hashes{4, 5});
    CHECK(counter.files.back() == 4);
    CHECK(files().size() == 2);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "evicts nothing for what cannot fit") {
    put({1, 2, 3, 4});
    store->pin(hashes{1, 2}, std::nullopt);
    log.take();
    auto large = kept_of(5);
    const bytes noise(2 * file_bytes - header_bytes + 1);
    large.chunk.bytes = noise.size();
    large.bytes = noise;
    CHECK(store->offer({large}).taken == 1);
    CHECK(!store->write_next());
    CHECK(store->state().crowded_out == 1);
    CHECK(store->state().failed_writes == 0);
    CHECK(log.take().empty());
    large.chunk.bytes = noise.size() - 1;
    large.bytes = std::span{noise}.first(noise.size() - 1);
    store->offer({large});
    store->write_next();
    CHECK(log.take() == changes{{false, 4}, {false, 3}, {true, 5}});
    CHECK(files().size() == 3);
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "clears what waits, though not here") {
    offer({1, 2, 3});
    CHECK(store->arriving() == hashes{1, 2, 3});
    const auto cleared = store->clear(hashes{2, 9});
    CHECK(cleared[0] == chunk_change{done, 16, raw_bytes, 0});
    CHECK(cleared[1] == chunk_change{});
    CHECK(store->arriving() == hashes{1, 3});
    CHECK(store->state().queued_chunks == 2);
    CHECK(store->state().queued_bytes == 2 * raw_bytes);
    CHECK(store->check() == "");
    write_all(*store);
    CHECK(log.take() == changes{{true, 1}, {true, 3}});
    CHECK(offer({2}) == 1);
    write_all(*store);
    CHECK(has(2));
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "holds through a recode, not a loss") {
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

  TEST_CASE_FIXTURE(disk_store_fixture, "recodes by the format of its chunks") {
    options.identity.format = {"float32", {2, 16, 4}};
    options.directory = directory.path() / "others";
    reopen();
    put({1});
    CHECK(recode(1, codec_id::int8) == done);
    bytes raw(raw_bytes);
    CHECK(store->read(1, raw));
  }

  TEST_CASE_FIXTURE(disk_store_fixture, "keeps one file of each chunk") {
    put({1});
    put({2, 3, 4});
    CHECK(files().size() == 4);
    CHECK(recode(1, codec_id::zstd) == done);  // 4 goes.
    CHECK(files().size() == 3);
    CHECK(recode(1, codec_id::none) == done);
    CHECK(recode(2, codec_id::none) == unchanged);
    CHECK(recode(9, codec_id::zstd) == absent);
    CHECK(files().size() == 3);
    clear({1, 9, 2});
    CHECK(files().size() == 1);
    CHECK(has(3));
  }
}
