#include "tests/support/disk_store_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using enum chunk_outcome;

namespace {

struct recode_fixture : disk_store_fixture {
  /// Whether recode() says `done`.
  bool recode(std::uint64_t hash, codec_id target) {
    return store->recode(hash, target).outcome == done;
  }
};

}  // namespace

TEST_SUITE("disk_store recode") {
  TEST_CASE_FIXTURE(recode_fixture, "keeps a chunk in the form asked for") {
    put({1, 2});
    log.take();
    const auto size = header_bytes + encoded_bytes(1, codec_id::zstd);
    CHECK(store->recode(1, codec_id::zstd) ==
          chunk_change{done, 16, file_bytes, size});
    CHECK(has(1));
    CHECK(has(2));
    CHECK(store->usage().used_bytes == file_bytes + size);
    CHECK(store->usage().chunks == 2);
    CHECK(files().size() == 2);
    CHECK(store->recode(1, codec_id::lz4) ==
          chunk_change{done, 16, size,
                       header_bytes + encoded_bytes(1, codec_id::lz4)});
    CHECK(has(1));
    CHECK(recode(1, codec_id::none));
    CHECK(has(1));
    CHECK(store->usage().used_bytes == 2 * file_bytes);
    CHECK(files().size() == 2);
    CHECK(store->check() == "");
    CHECK(log.take().empty());
  }

  TEST_CASE_FIXTURE(recode_fixture, "says why it recodes nothing") {
    put({1, first_noise});
    REQUIRE(recode(1, codec_id::lz4));
    CHECK(store->recode(1, codec_id::lz4) ==
          chunk_change{.outcome = unchanged});
    CHECK(store->recode(first_noise, codec_id::none) ==
          chunk_change{.outcome = unchanged});
    CHECK(store->recode(9, codec_id::zstd) == chunk_change{});
    CHECK(store->recode(first_noise, codec_id::zstd) ==
          chunk_change{.outcome = incompressible});
    CHECK(store->recode(1, codec_id::int8) ==
          chunk_change{.outcome = unsuitable});
    CHECK(has(1));
    CHECK(has(first_noise));
    CHECK(files().size() == 2);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(recode_fixture, "recodes by the format of its chunks") {
    options.identity.format = {"float32", {2, 16, 4}};
    options.directory = directory.path() / "others";
    reopen();
    put({1});
    CHECK(recode(1, codec_id::int8));
    bytes raw(raw_bytes);
    CHECK(store->read(1, raw));
  }

  TEST_CASE_FIXTURE(recode_fixture, "is no use of a chunk to recode it") {
    put({1});
    put({2});
    put({3});
    REQUIRE(recode(1, codec_id::zstd));
    REQUIRE(recode(1, codec_id::none));
    REQUIRE(recode(2, codec_id::zstd));
    REQUIRE(recode(2, codec_id::none));
    CHECK(eviction_order() == hashes{1, 2, 3});
  }

  TEST_CASE_FIXTURE(recode_fixture, "evicts others for a smaller form") {
    put({1});
    put({2});
    put({3, 4});
    log.take();
    CHECK(recode(1, codec_id::zstd));
    CHECK(log.take() == changes{{false, 2}});
    CHECK(recode(3, codec_id::zstd));
    CHECK(log.take().empty());
    CHECK(files().size() == 3);
  }

  TEST_CASE_FIXTURE(recode_fixture, "evicts nothing for a larger form") {
    put({1});
    REQUIRE(recode(1, codec_id::zstd));
    put({2, 3, 4});
    log.take();
    CHECK(store->recode(1, codec_id::none) == chunk_change{.outcome = no_room});
    CHECK(log.take().empty());
    CHECK(has(1));
    CHECK(store->usage().chunks == 4);
    CHECK(store->check() == "");
  }

  TEST_CASE_FIXTURE(recode_fixture, "recodes what is pinned if it has room") {
    put({1, 2, 3, 4});
    store->pin(hashes{1, 2, 3, 4}, std::nullopt);
    CHECK(store->recode(1, codec_id::zstd) == chunk_change{.outcome = no_room});
    store->unpin(hashes{4});
    CHECK(recode(1, codec_id::zstd));
    CHECK(outcomes_of(store->clear(hashes{1, 4})) == outcomes{pinned, absent});
    CHECK(store->check() == "");
    store->unpin(hashes{1});
    CHECK(outcomes_of(store->clear(hashes{1})) == outcomes{done});
  }
}
