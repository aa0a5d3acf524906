#pragma once

#include "actors/peers/lease_book.hpp"
#include "actors/peers/rank.hpp"
#include "messages/peer.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <unordered_map>

namespace kvc {

struct lender_options {
  std::chrono::milliseconds max_term{30'000};  ///< Of a lease; positive.
  std::size_t max_leases = 1'024;
  std::size_t max_chunks = 4'096;  ///< Of one lease.

  // Chunks on disk are lent as copies in memory.
  std::size_t max_copies = 16;          ///< Of one lease.
  std::size_t max_copies_in_all = 256;  ///< Of all leases together.

  std::size_t max_pending = 256;  ///< Requests that wait for the pool.

  /// How long the worker has to drop chunks and to tell the index.
  std::chrono::milliseconds surrender_timeout{10'000};
};

/// A lease on its way from the pool to the lender.
struct loan;

/// The pool has made a loan, or failed to.
struct loan_ready {
  std::uint64_t ticket = 0;
  std::shared_ptr<loan> made;
  caf::error failure;
};

/// Time for a lender to look for leases that have ended.
struct lease_tick {};

/// A peer_actor and what it tells itself.
using lender_impl =
  peer_actor::extend<caf::reacts_to<loan_ready>, caf::reacts_to<lease_tick>>;

/// What a lender remembers between messages.
struct lender_state {
  static inline const char* name = "lender";

  lender_state() = default;

  /// A request whose loan is being made.
  struct pending {
    caf::typed_response_promise<chunk_lease> answer;
    caf::strong_actor_ptr borrower;
    std::chrono::milliseconds term{0};
    std::size_t copies = 0;  ///< At most.
  };

  const rank* here = nullptr;
  lender_options options;
  lease_book book;
  std::unordered_map<std::uint64_t, pending> pending_loans;  ///< By ticket.
  std::uint64_t last_ticket = 0;
  std::uint64_t surrenders = 0;
  bool is_ticking = false;
};

/// Lends the chunks of one rank to peers, each lease for a bounded time. The
/// leases of a borrower that dies end at once.
lender_impl::behavior_type lender(
  lender_impl::stateful_pointer<lender_state> self, const rank& here,
  const lender_options& options);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::loan_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::lease_tick)
