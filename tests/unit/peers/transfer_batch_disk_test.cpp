#include "actors/peers/transfer_batch.hpp"
#include "tests/support/disk_for_peers.hpp"

#include <doctest/doctest.h>

using namespace kvc;
using namespace kvc::test;

namespace {

using outcome = chunk_outcome;

/// Chunks on their way to a disk with room for four of them.
struct disk_batch_fixture : disk_for_peers, memories {
  disk_batch_fixture() : disk_for_peers(4) {}

  std::shared_ptr<transfer_batch> batch = std::make_shared<transfer_batch>(
    store, chunk_bytes / chunk_tokens, files.get());

  outcomes list() const {
    outcomes result;
    for (const auto& x : batch->chunks())
      result.push_back(x.outcome);
    return result;
  }

  /// Copies as a transport does, all but the last `missing`.
  void copy(std::size_t missing = 0) {
    const auto spans = batch->spans();
    std::vector<span_outcome> said;
    for (const auto& x : spans) {
      std::ranges::copy(
        theirs->memory().subspan(x.remote_offset, x.length),
        ours->memory().subspan(x.local_offset, x.length).begin());
      said.push_back(said.size() + missing < spans.size()
                       ? span_outcome::copied
                       : span_outcome::missing);
    }
    batch->note(said);
  }
};

}  // namespace

TEST_SUITE("transfer_batch to disk") {
  TEST_CASE_FIXTURE(disk_batch_fixture,
                    "writes what has come and nothing else") {
    put(source, {1, 2, 3});
    put_on_disk({2});
    batch->place(lease_of({1, 2, 3}), hashes{1, 2, 3, 4});
    CHECK(batch->spans().size() == 2);
    copy(1);
    CHECK(on_disk({1, 3}).empty());
    batch->commit();
    CHECK(batch->chunks() ==
          std::vector<fetched_chunk>{
            {1, outcome::done, chunk_tokens, chunk_bytes},
            {2, outcome::unchanged, chunk_tokens, chunk_bytes},
            {3, outcome::failed, chunk_tokens, chunk_bytes},
            {4, outcome::absent, 0, 0}});
    CHECK(on_disk({1, 2, 3}) == hashes{1, 2});
    CHECK(log.take().empty());
    batch.reset();
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(disk_batch_fixture, "fetches what is in memory only") {
    put(source, {1});
    put(store, {1});
    batch->place(lease_of({1}), hashes{1});
    copy();
    batch->commit();
    CHECK(list() == outcomes{outcome::done});
    CHECK(on_disk({1}) == hashes{1});
    CHECK(held(store, {1}) == hashes{1});
    CHECK(store.usage().used_bytes == chunk_bytes);
  }

  TEST_CASE_FIXTURE(disk_batch_fixture,
                    "keeps what is there until it is let go") {
    put(source, {1, 2});
    put_on_disk({2});
    batch->place(lease_of({1, 2}), hashes{1, 2});
    copy();
    batch->commit();
    const auto holds = batch->holds();
    batch.reset();
    CHECK(clear_on_disk(1) == outcome::in_use);
    CHECK(clear_on_disk(2) == outcome::in_use);
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(disk_batch_fixture, "has no room beside what is pinned") {
    put_on_disk({10, 11, 12});
    files->pin(hashes{10, 11, 12}, std::nullopt);
    put(source, {1, 2});
    batch->place(lease_of({1, 2}), hashes{1, 2});
    copy();
    batch->commit();
    CHECK(list() == outcomes{outcome::done, outcome::no_room});
    CHECK(on_disk({1, 2}) == hashes{1});
  }

  TEST_CASE_FIXTURE(disk_batch_fixture, "cannot do without memory") {
    put(source, {1});
    put(store, {10, 11, 12, 13});
    const auto in_use = store.acquire(hashes{10, 11, 12, 13});
    batch->place(lease_of({1}), hashes{1});
    CHECK(list() == outcomes{outcome::failed});
    CHECK(batch->trouble() == "no memory for it on its way to the disk");
  }

  TEST_CASE_FIXTURE(disk_batch_fixture,
                    "believes no file that it has not read") {
    put_on_disk({1});
    damage_files();
    put(source, {1});
    batch->place(lease_of({1}), hashes{1});
    copy();
    batch->commit();
    CHECK(list() == outcomes{outcome::done});
    CHECK(on_disk({1}) == hashes{1});
  }

  TEST_CASE_FIXTURE(disk_batch_fixture, "lets go of a prompt's tail first") {
    put(source, {1, 2, 3, 4});
    put_on_disk({2});
    batch->place(lease_of({1, 2, 3, 4}), hashes{1, 2, 3, 4});
    copy();
    batch->commit();
    batch.reset();
    put_on_disk({10, 11, 12});
    CHECK(on_disk({1, 2, 3, 4}) == hashes{1});
  }

  TEST_CASE_FIXTURE(disk_batch_fixture,
                    "writes compressed chunks as they are") {
    put(source, {1});
    REQUIRE(source.recode(1, codec_id::zstd).outcome == outcome::done);
    const auto lease = lease_of({1});
    batch->place(lease, hashes{1});
    copy();
    batch->commit();
    CHECK(list() == outcomes{outcome::done});
    const auto found = files->find(1);
    REQUIRE(found);
    CHECK(found->codec == codec_id::zstd);
    CHECK(found->encoded_bytes == lease.chunks[0].bytes);
    CHECK(found->raw_bytes == chunk_bytes);
    CHECK(found->tokens == chunk_tokens);
    CHECK(on_disk({1}) == hashes{1});
  }

  TEST_CASE_FIXTURE(disk_batch_fixture, "says so if somebody else was faster") {
    put(source, {1});
    batch->place(lease_of({1}), hashes{1});
    put_on_disk({1});
    copy();
    batch->commit();
    CHECK(list() == outcomes{outcome::unchanged});
    CHECK(clear_on_disk(1) == outcome::in_use);
  }

  TEST_CASE_FIXTURE(disk_batch_fixture, "says so if the disk fails") {
    put(source, {1});
    batch->place(lease_of({1}), hashes{1});
    copy();
    std::filesystem::remove_all(directory.path() / "chunks");
    batch->commit();
    CHECK(list() == outcomes{outcome::failed});
    CHECK(batch->trouble() == "not written to disk");
    batch.reset();
    CHECK(store.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(disk_batch_fixture, "takes what is withheld for failed") {
    put(source, {1});
    auto lease = lease_of({1});
    lease.withheld.keys = {2, 5};
    batch->place(lease, hashes{3, 2, 1});
    CHECK(list() ==
          outcomes{outcome::absent, outcome::failed, outcome::failed});
    CHECK(batch->spans().size() == 1);
    constexpr auto why = "the peer cannot read it, or has no memory to do so";
    CHECK(batch->trouble() == why);
    transfer_batch all{store, chunk_bytes / chunk_tokens};
    all.place(lease, {});
    REQUIRE(all.chunks().size() == 3);
    CHECK(all.chunks()[1] == fetched_chunk{2, outcome::failed, 0, 0});
    CHECK(all.chunks()[2] == fetched_chunk{5, outcome::failed, 0, 0});
  }
}
