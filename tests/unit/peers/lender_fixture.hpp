#pragma once

#include "actors/peers/lender.hpp"
#include "tests/support/ask_later.hpp"
#include "tests/support/peer_fixture.hpp"

#include <doctest/doctest.h>

namespace kvc::test {

using outcomes = std::vector<chunk_outcome>;

/// Tells a reader to ask for a lease, which it keeps.
struct ask_for;

using reader_actor = caf::typed_actor<caf::reacts_to<ask_for>>;

/// A lender, its pool, its worker and those who borrow.
struct lender_fixture : memories {
  const worker_id id{"b", 3};
  std::uint64_t epoch = 0;
  rank here;
  std::deque<work_pool::job> jobs;  ///< Submitted, not done.
  clearing_worker owner;
  lender_options options;
  std::shared_ptr<answer_box<chunk_lease>> box =
    std::make_shared<answer_box<chunk_lease>>();
  deterministic_system system;
  worker_actor worker = spawn_clearing_worker(system, &owner);
  lender_impl aut;
  reader_actor reader;

  lender_fixture();
  ~lender_fixture();

  void restart();

  /// The rank registers as this epoch.
  void register_as(std::uint64_t number);

  reader_actor new_reader();

  void work();

  void advance(std::int64_t milliseconds) {
    system.advance(std::chrono::milliseconds{milliseconds});
  }

  lease_chunks order_of(const hashes& names) const {
    return {.owner = id,
            .epoch = epoch,
            .hashes = {names},
            .valid_for = std::chrono::seconds{10}};
  }

  void ask_as(const reader_actor& who, const lease_chunks& order);

  void ask_as(const reader_actor& who, const hashes& names) {
    ask_as(who, order_of(names));
  }

  chunk_lease borrow_as(const reader_actor& who, const lease_chunks& order);

  chunk_lease borrow_as(const reader_actor& who, const hashes& names) {
    return borrow_as(who, order_of(names));
  }

  chunk_lease borrow(const hashes& names) { return borrow_as(reader, names); }

  chunk_lease borrow_from(std::uint64_t cursor, std::uint32_t count,
                          location where = location::cpu);

  /// Why the order is refused; empty if it is not.
  std::string refusal_of(const lease_chunks& order);

  template <class Message>
  void tell(const Message& msg);

  caf::expected<lease_term> ask(const renew_chunk_lease& msg);
  caf::expected<surrender_report> ask(const surrender_chunks& msg);

  /// Ends all leases, as their readers' deaths do.
  void end_all();

  outcomes clear(const hashes& names);

  /// Stores 1 to 16, of which 1 is the first to be evicted.
  void fill_up();

  /// Stores fourteen others.
  void put_others();

  /// Stores one chunk more; returns which had to go for it.
  std::uint64_t first_evicted();
};

}  // namespace kvc::test
