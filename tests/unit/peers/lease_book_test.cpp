#include "actors/peers/lease_book.hpp"

#include "tests/support/deterministic_system.hpp"
#include "tests/unit/store/cpu_store_fixture.hpp"

#include <caf/event_based_actor.hpp>

using namespace kvc;
using namespace kvc::test;
using namespace std::chrono_literals;

namespace {

caf::behavior borrower() {
  return {[](const caf::unit_t&) {}};
}

struct book_fixture : cpu_store_fixture {
  deterministic_system system;
  caf::actor_addr alice = system.spawn(borrower)->address();
  caf::actor_addr bob = system.spawn(borrower)->address();
  lease_book book;
  lease_book::time_point start{};

  std::uint64_t lend(std::uint64_t name, const caf::actor_addr& who,
                     std::chrono::seconds term) {
    lent_chunks chunks;
    chunks.readers.push_back(store.acquire({&name, 1}));
    return book.add(std::move(chunks), who, start + term);
  }

  /// Which of the chunks 1 to 4 are lent.
  hashes lent() {
    hashes result;
    for (const std::uint64_t name : {1U, 2U, 3U, 4U})
      if (store.pin({&name, 1}, std::nullopt);
          store.unpin({&name, 1})[0].outcome == chunk_outcome::done &&
          store.clear({&name, 1})[0].outcome == chunk_outcome::in_use)
        result.push_back(name);
    return result;
  }
};

}  // namespace

TEST_SUITE("lease_book") {
  TEST_CASE_FIXTURE(book_fixture, "prolongs and shortens leases") {
    put({1, 2});
    CHECK(book.size() == 0);
    const auto first = lend(1, alice, 5s);
    const auto second = lend(2, alice, 3s);
    CHECK(first != 0);
    CHECK(second != first);
    CHECK(second != 0);
    CHECK(book.size() == 2);
    CHECK(book.renew(second, start + 9s));
    CHECK(book.expire(start + 3s) == 0);
    CHECK(book.renew(first, start + 4s));
    CHECK(book.expire(start + 4s) == 1);
    CHECK(lent() == hashes{2});
    CHECK(book.expire(start + 9s) == 1);
  }

  TEST_CASE_FIXTURE(book_fixture, "lets chunks go with their lease") {
    put({1, 2, 3});
    const auto first = lend(1, alice, 5s);
    lend(2, alice, 5s);
    lend(3, bob, 5s);
    CHECK(lent() == hashes{1, 2, 3});
    book.end(first);
    CHECK(lent() == hashes{2, 3});
    book.end(first);
    CHECK_FALSE(book.renew(first, start + 9s));
    CHECK(book.size() == 2);
  }

  TEST_CASE_FIXTURE(book_fixture, "ends those whose time is over") {
    put({1, 2, 3});
    lend(1, alice, 5s);
    const auto second = lend(2, alice, 5s);
    lend(3, bob, 6s);
    book.renew(second, start + 7s);
    CHECK(book.expire(start + 5s - 1ns) == 0);
    CHECK(book.expire(start + 5s) == 1);
    CHECK(lent() == hashes{2, 3});
    CHECK(book.expire(start + 7s) == 2);
    CHECK(lent().empty());
    CHECK(book.expire(start + 99s) == 0);
    CHECK(book.size() == 0);
  }

  TEST_CASE_FIXTURE(book_fixture, "ends all leases of a borrower at once") {
    put({1, 2, 3});
    lend(1, alice, 5s);
    lend(2, bob, 5s);
    lend(3, alice, 9s);
    CHECK(book.has_borrower(alice));
    CHECK(book.has_borrower(bob));
    book.end_all_of(alice);
    CHECK_FALSE(book.has_borrower(alice));
    CHECK(book.has_borrower(bob));
    CHECK(lent() == hashes{2});
    CHECK(book.size() == 1);
  }
}
