#include "tests/unit/peers/lender_fixture.hpp"

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

TEST_SUITE("lender") {
  TEST_CASE_FIXTURE(lender_fixture,
                    "lends what is there of what is asked for") {
    put(source, {1, 2, 3});
    const auto lease = borrow({3, 9, 1});
    CHECK(lease.lease_id != 0);
    CHECK(lease.valid_for == 10s);
    CHECK(lease.dtype == "bfloat16");
    CHECK(lease.shape == std::vector<std::uint32_t>{2, 4});
    CHECK(lease.total_chunks == 3);
    CHECK(lease.next_cursor == 0);
    const auto expected = lease_of({3, 1}).chunks;
    CHECK(lease.chunks == expected);
    for (const auto& x : lease.chunks)
      CHECK(is_filled(theirs->memory().subspan(x.offset, x.bytes), x.hash));
  }

  TEST_CASE_FIXTURE(lender_fixture, "names the form that chunks have") {
    put(source, {1});
    REQUIRE(source.recode(1, codec_id::lz4).outcome == chunk_outcome::done);
    const auto lease = borrow({1});
    REQUIRE(lease.chunks.size() == 1);
    CHECK(lease.chunks[0].codec == static_cast<std::uint8_t>(codec_id::lz4));
    CHECK(lease.chunks[0].bytes < chunk_bytes);
    CHECK(lease.chunks[0].raw_bytes == chunk_bytes);
    CHECK(lease.chunks[0].tokens == chunk_tokens);
  }

  TEST_CASE_FIXTURE(lender_fixture, "shows all a page at a time") {
    put(source, {1, 2, 3});
    auto lease = borrow_from(0, 2);
    REQUIRE(lease.chunks.size() == 2);
    CHECK(lease.chunks[0].hash == 1);
    CHECK(lease.chunks[1].hash == 2);
    CHECK(lease.next_cursor == 2);
    CHECK(lease.total_chunks == 3);
    lease = borrow_from(2, 2);
    REQUIRE(lease.chunks.size() == 1);
    CHECK(lease.chunks[0].hash == 3);
    CHECK(lease.next_cursor == 0);
  }

  TEST_CASE_FIXTURE(lender_fixture, "has no lease for nothing") {
    const auto lease = borrow({1, 2});
    CHECK(lease.lease_id == 0);
    CHECK(lease.chunks.empty());
    CHECK(borrow_from(0, 8).lease_id == 0);
    advance(60'000);
    CHECK(clear({1}) == outcomes{chunk_outcome::absent});
  }

  TEST_CASE_FIXTURE(lender_fixture, "computes a checksum once") {
    put(source, {1});
    const auto known = [this] {
      return source.borrow(hashes{1}).chunks()[0].checksum;
    };
    CHECK_FALSE(known());
    const auto first = borrow({1}).chunks[0];
    CHECK(known() == first.checksum);
    // If it were computed again it would be another.
    theirs->memory()[first.offset] ^= std::byte{1};
    CHECK(borrow({1}).chunks[0].checksum == first.checksum);
    REQUIRE(source.recode(1, codec_id::lz4).outcome == chunk_outcome::done);
    CHECK_FALSE(known());
    CHECK(borrow({1}).chunks[0] == lease_of({1}).chunks[0]);
  }

  TEST_CASE_FIXTURE(lender_fixture,
                    "counts as a use what is asked for by name") {
    fill_up();
    borrow({1});
    borrow_from(1, 1);  // A look at the second chunk.
    end_all();
    CHECK(first_evicted() == 2);
  }

  TEST_CASE_FIXTURE(lender_fixture, "keeps what is lent from being evicted") {
    fill_up();
    borrow({1});
    borrow_from(1, 1);
    CHECK(first_evicted() == 3);
    CHECK(held(source, {1, 2}) == hashes{1, 2});
  }

  TEST_CASE_FIXTURE(lender_fixture, "lets a look at all not hinder clear()") {
    put(source, {1, 2});
    borrow({1});
    const auto seen = borrow_from(1, 1).chunks.at(0);
    CHECK(clear({1, 2}) ==
          outcomes{chunk_outcome::in_use, chunk_outcome::done});
    CHECK(source.usage().used_bytes == 2 * chunk_bytes);
    put_others();
    CHECK(is_filled(theirs->memory().subspan(seen.offset, seen.bytes), 2));
    end_all();
    CHECK(source.usage().used_bytes == 15 * chunk_bytes);
  }

  TEST_CASE_FIXTURE(lender_fixture, "keeps lent bytes when they are recoded") {
    put(source, {1});
    const auto lent = borrow({1}).chunks.at(0);
    REQUIRE(source.recode(1, codec_id::lz4).outcome == chunk_outcome::done);
    put_others();
    CHECK(is_filled(theirs->memory().subspan(lent.offset, lent.bytes), 1));
  }

  TEST_CASE_FIXTURE(lender_fixture, "ends a lease when it is asked to") {
    put(source, {1, 2});
    const auto first = borrow({1});
    borrow({2});
    tell(end_chunk_lease{id, first.lease_id});
    CHECK(clear({1, 2}) ==
          outcomes{chunk_outcome::done, chunk_outcome::in_use});
  }

  TEST_CASE_FIXTURE(lender_fixture, "ends a lease by the clock") {
    put(source, {1});
    borrow({1});
    advance(9'999);
    CHECK(clear({1}) == outcomes{chunk_outcome::in_use});
    advance(501);
    CHECK(clear({1}) == outcomes{chunk_outcome::done});
  }

  TEST_CASE_FIXTURE(lender_fixture, "prolongs a lease") {
    put(source, {1});
    const auto lease = borrow({1});
    advance(9'000);
    const auto term = ask(renew_chunk_lease{id, lease.lease_id, 5s});
    REQUIRE(term);
    CHECK(term->valid_for == 5s);
    advance(4'999);
    CHECK(clear({1}) == outcomes{chunk_outcome::in_use});
    advance(501);
    CHECK(clear({1}) == outcomes{chunk_outcome::done});
    const auto late = ask(renew_chunk_lease{id, lease.lease_id, 5s});
    CHECK(describe(late.error()) == "invalid_request: no such lease");
  }

  TEST_CASE_FIXTURE(lender_fixture, "grants no term above its own") {
    options.max_term = 4s;
    restart();
    put(source, {1});
    const auto lease = borrow({1});
    CHECK(lease.valid_for == 4s);
    advance(3'000);
    CHECK(ask(renew_chunk_lease{id, lease.lease_id, 1h})->valid_for == 4s);
    advance(3'500);
    CHECK(clear({1}) == outcomes{chunk_outcome::in_use});
    advance(1'000);
    CHECK(clear({1}) == outcomes{chunk_outcome::done});
  }

  TEST_CASE_FIXTURE(lender_fixture, "ends a dead reader's leases at once") {
    put(source, {1, 2, 3});
    const auto alice = new_reader();
    borrow_as(alice, {1});
    borrow_as(alice, {2});
    borrow({3});
    system.kill(alice);
    CHECK(clear({1, 2, 3}) == outcomes{chunk_outcome::done, chunk_outcome::done,
                                       chunk_outcome::in_use});
  }

  TEST_CASE_FIXTURE(lender_fixture,
                    "lends nothing to a reader that died early") {
    put(source, {1});
    const auto alice = new_reader();
    ask_as(alice, {1});
    system.kill(alice);
    work();
    CHECK(clear({1}) == outcomes{chunk_outcome::done});
  }
}
