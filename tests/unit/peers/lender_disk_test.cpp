#include "net/transport/checksum.hpp"
#include "tests/support/disk_for_peers.hpp"
#include "tests/unit/peers/lender_fixture.hpp"

using namespace kvc;
using namespace kvc::test;

namespace {

/// A lender with a disk and memory for sixteen chunks.
struct lender_disk_fixture : disk_for_peers, lender_fixture {
  lender_disk_fixture() { here.set_stores(&source, files.get()); }

  ~lender_disk_fixture() { end_all(); }

  lease_chunks disk_order_of(const hashes& names) const {
    auto order = order_of(names);
    order.where = location::disk;
    return order;
  }

  chunk_lease borrow_copies(const hashes& names) {
    return borrow_as(reader, disk_order_of(names));
  }

  bool has_right_bytes(const leased_chunk& x) const {
    const auto lent = theirs->memory().subspan(x.offset, x.bytes);
    return is_filled(lent, x.hash) && checksum_of(lent) == x.checksum;
  }
};

}  // namespace

TEST_SUITE("what a lender lends from disk") {
  TEST_CASE_FIXTURE(lender_disk_fixture, "is a copy that nobody else sees") {
    put_on_disk({1, 2});
    put(source, {3});
    const auto lease = borrow_copies({2, 3, 1});
    CHECK(lease.lease_id != 0);
    CHECK(lease.total_chunks == 2);
    CHECK(lease.dtype == "bfloat16");
    CHECK(lease.withheld.keys.empty());
    REQUIRE(lease.chunks.size() == 2);
    CHECK(lease.chunks[0].hash == 2);
    CHECK(lease.chunks[1].hash == 1);
    for (const auto& x : lease.chunks) {
      CHECK(has_right_bytes(x));
      CHECK(x.bytes == chunk_bytes);
      CHECK(x.raw_bytes == chunk_bytes);
      CHECK(x.tokens == chunk_tokens);
      CHECK(x.codec == static_cast<std::uint8_t>(codec_id::none));
    }
    CHECK(held(source, {1, 2}).empty());
    CHECK(source.usage().used_bytes == 3 * chunk_bytes);
    tell(end_chunk_lease{id, lease.lease_id});
    CHECK(source.usage().used_bytes == chunk_bytes);
    CHECK(on_disk({1, 2}) == hashes{1, 2});
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "was on its way there, or is there") {
    put_on_disk({1});
    offer_to_disk(2);
    auto all = disk_order_of({});
    all.max_chunks = 4;
    CHECK(borrow_as(reader, all).chunks.size() == 2);
    offer_to_disk(3);
    CHECK(borrow_copies({3}).chunks.size() == 1);
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is as it was stored") {
    put_on_disk({1, 2});
    put(source, {2});
    REQUIRE(files->recode(1, codec_id::zstd).outcome == chunk_outcome::done);
    REQUIRE(source.recode(2, codec_id::lz4).outcome == chunk_outcome::done);
    const auto lease = borrow_copies({1, 2});
    REQUIRE(lease.chunks.size() == 2);
    for (const auto& x : lease.chunks) {
      CHECK(has_right_bytes(x));
      CHECK(x.bytes == chunk_bytes);
    }
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "stays when the file goes") {
    put_on_disk({1});
    const auto lent = borrow_copies({1}).chunks.at(0);
    CHECK(clear_on_disk(1) == chunk_outcome::done);
    put_others();
    CHECK(has_right_bytes(lent));
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is shown a page at a time") {
    put_on_disk({1, 2, 3});
    auto lease = borrow_from(0, 2, location::disk);
    CHECK(lease.chunks.size() == 2);
    CHECK(lease.total_chunks == 3);
    REQUIRE(lease.next_cursor != 0);
    lease = borrow_from(lease.next_cursor, 2, location::disk);
    CHECK(lease.chunks.size() == 1);
    CHECK(lease.next_cursor == 0);
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "takes the room of unused chunks") {
    put_on_disk({50});
    fill_up();
    CHECK(borrow_copies({50}).chunks.size() == 1);
    CHECK(held(source, {1, 2}) == hashes{2});
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is withheld without room for it") {
    put_on_disk({50, 51});
    fill_up();
    hashes names(15);
    std::iota(names.begin(), names.end(), 1);
    source.pin(names, std::nullopt);
    const auto lease = borrow_copies({50, 51});
    REQUIRE(lease.chunks.size() == 1);
    CHECK(lease.chunks[0].hash == 50);
    CHECK(lease.withheld.keys == hashes{51});
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is withheld if it is damaged") {
    put_on_disk({1});
    damage_files();
    const auto lease = borrow_copies({1});
    CHECK(lease.lease_id == 0);
    CHECK(lease.chunks.empty());
    CHECK(lease.withheld.keys == hashes{1});
    CHECK(source.usage().used_bytes == 0);
    CHECK(borrow_copies({1}).withheld.keys.empty());
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is a few chunks at once") {
    auto order = disk_order_of(hashes(16, 1));
    CHECK(refusal_of(order) == "");
    order.hashes.keys.push_back(1);
    CHECK(refusal_of(order) == "invalid_request: number of chunks or term");
    order = disk_order_of({});
    order.max_chunks = 17;
    CHECK(refusal_of(order) == "invalid_request: number of chunks or term");
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is so many copies in all") {
    options.max_copies_in_all = 4;
    restart();
    put_on_disk({1, 2, 3});
    ask_as(reader, disk_order_of({1, 2, 9}));
    CHECK(refusal_of(disk_order_of({3, 4})) == "too_busy: 3 copies");
    work();
    CHECK(refusal_of(disk_order_of({1, 2, 3})) == "too_busy: 2 copies");
    CHECK(refusal_of(order_of(hashes(9, 1))) == "");
    CHECK(borrow_copies({3, 4}).chunks.size() == 1);
    end_all();
    CHECK(borrow_copies({1, 2, 3}).chunks.size() == 3);
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "goes with its reader or its time") {
    put_on_disk({1, 2});
    const auto alice = new_reader();
    borrow_as(alice, disk_order_of({1}));
    borrow_copies({2});
    CHECK(source.usage().used_bytes == 2 * chunk_bytes);
    system.kill(alice);
    CHECK(source.usage().used_bytes == chunk_bytes);
    advance(10'500);
    CHECK(source.usage().used_bytes == 0);
    ask_as(reader, disk_order_of({1}));
    end_all();
    work();
    CHECK(source.usage().used_bytes == 0);
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is no use of the file") {
    put_on_disk(hashes{1, 2});
    borrow_copies({1});
    hashes names(999);
    std::iota(names.begin(), names.end(), 101);
    put_on_disk(names);
    CHECK(on_disk({1, 2}) == hashes{2});
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is nothing without a disk") {
    here.set_stores(&source, nullptr);
    restart();
    CHECK(refusal_of(disk_order_of({1})) ==
          "unknown_location: LocalDiskBackend");
    auto order = order_of({1});
    order.where = static_cast<location>(7);
    CHECK(refusal_of(order).starts_with("unknown_location: "));
    CHECK(jobs.empty());
  }

  TEST_CASE_FIXTURE(lender_disk_fixture, "is dropped there") {
    ask(surrender_chunks{id, 9, {{1}}, location::disk});
    REQUIRE(owner.orders.size() == 1);
    CHECK(owner.orders[0].what.where == location::disk);
  }
}
