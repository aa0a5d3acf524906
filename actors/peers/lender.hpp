#pragma once

#include "actors/codec/codec.hpp"
#include "actors/peers/lease_book.hpp"
#include "actors/pool/work_pool.hpp"
#include "actors/store/cpu_store.hpp"
#include "actors/store/disk_store.hpp"
#include "messages/peer.hpp"
#include "messages/worker.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <unordered_map>

namespace kvc {

/// What a lender lends. The stores and the pool outlive it.
struct lender_services {
  worker_id id{};
  std::function<std::uint64_t()> epoch;  ///< Of the worker's registration.
  cpu_store* store = nullptr;
  disk_store* disk = nullptr;                  ///< Null if there is none.
  chunk_format format{};                       ///< Of the stores' chunks.
  std::function<void(work_pool::job)> submit;  ///< To a work_pool.
  std::function<worker_actor()> worker;        ///< Drops what is surrendered.
};

struct lender_options {
  std::chrono::milliseconds max_term{30'000};  ///< Of a lease; positive.
  std::size_t max_leases = 1'024;
  std::size_t max_chunks = 4'096;  ///< Of one lease.

  /// Of chunks on disk: of one lease, and of all together.
  std::size_t max_copies = 16;
  std::size_t max_copies_in_all = 256;

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

using lender_actor =
  peer_actor::extend<caf::reacts_to<loan_ready>, caf::reacts_to<lease_tick>>;

/// What a lender remembers between messages.
struct lender_state {
  static inline const char* name = "lender";

  lender_state() = default;

  /// A request whose loan is being made.
  struct pending {
    caf::typed_response_promise<chunk_lease> answer;
    caf::strong_actor_ptr reader;
    std::chrono::milliseconds term{0};
    std::size_t copies = 0;  ///< At most.
  };

  lease_book book;
  std::unordered_map<std::uint64_t, pending> pending_loans;  ///< By ticket.
  std::uint64_t last_ticket = 0;
  std::uint64_t surrenders = 0;
  bool is_ticking = false;
};

/// Lends the chunks of one worker to peers, each lease for a bounded time;
/// those of a reader that dies end at once.
lender_actor::behavior_type lender(
  lender_actor::stateful_pointer<lender_state> self,
  const lender_services& services, const lender_options& options);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::loan_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::lease_tick)
