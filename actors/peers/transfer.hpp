#pragma once

#include "actors/peers/rank.hpp"
#include "actors/peers/transfer_batch.hpp"
#include "messages/peer.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>
#include <vector>

namespace kvc {

/// Asks a transfer to bring chunks of a peer here.
struct fetch_chunks {
  peer_address source{};
  location from = location::cpu;  ///< At the source.
  location to = location::cpu;    ///< Here.

  /// Empty: all chunks found in `max_chunks` places from `cursor` on.
  std::vector<std::uint64_t> hashes{};
  std::uint64_t cursor = 0;
  std::uint32_t max_chunks = 0;

  std::chrono::milliseconds patience{2'000};  ///< Positive.
  caf::strong_actor_ptr owner{};  ///< The transfer ends when this dies.
};

/// Answers fetch_chunks.
struct fetch_report {
  std::vector<fetched_chunk> chunks{};
  std::uint64_t next_cursor = 0;   ///< 0 at the end of all.
  std::uint64_t total_chunks = 0;  ///< That the source has.
  std::uint64_t copied_bytes = 0;
  std::string trouble{};  ///< Why some are `failed` or `unsuitable`; or empty.
  bool is_peer_failing = false;  ///< The peer or the way to it is the trouble.
  bool is_own_failure = false;   ///< This rank is.
  std::shared_ptr<const void> holds{};  ///< Keeps the chunks that are here now.
};

/// Ends a transfer early; what has come by then stays.
struct cancel_fetch {};

using transfer_actor = caf::typed_actor<
  // Fails with the errors of peer_dialer_actor and peer_actor, with timed_out,
  // connection_lost or invalid_request if not even a lease was had, and with
  // io_failed if no room could be made.
  caf::replies_to<fetch_chunks>::with<fetch_report>,
  caf::reacts_to<cancel_fetch>>;

// What a transfer tells itself.
struct transfer_placed {
  caf::error failure;
};
struct transfer_read {
  read_result result;
};
struct transfer_settled {
  caf::error failure;
};
struct transfer_late {};
struct transfer_renewal {};

/// A transfer_actor and what it tells itself.
using transfer_impl = transfer_actor::extend<  //
  caf::reacts_to<transfer_placed>, caf::reacts_to<transfer_read>,
  caf::reacts_to<transfer_settled>, caf::reacts_to<transfer_late>,
  caf::reacts_to<transfer_renewal>>;

/// What a transfer remembers between messages.
struct transfer_state {
  static inline const char* name = "transfer";

  transfer_state() = default;

  const rank* here = nullptr;
  fetch_chunks order;
  caf::typed_response_promise<fetch_report> answer;
  peer_actor peer;  ///< Null until it answered; monitored.
  chunk_lease lease;
  std::shared_ptr<transfer_batch> batch;
  transport::read_id read = 0;
  bool is_reading = false;
  bool is_ending = false;  ///< Cancelled, late, or the peer is lost.
  std::uint32_t attempts = 0;
  caf::actor_clock::time_point deadline{};
  std::string trouble;     ///< With the peer.
  caf::error own_failure;  ///< While we admitted what had come.
};

/// Does one fetch_chunks and ends: dials, leases, makes room, reads, verifies,
/// admits. Bytes with another checksum than their owner names are read once
/// more, and never admitted.
transfer_impl::behavior_type transfer(
  transfer_impl::stateful_pointer<transfer_state> self, const rank& here);

}  // namespace kvc

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::fetch_chunks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::fetch_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::cancel_fetch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::transfer_placed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::transfer_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::transfer_settled)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::transfer_late)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(kvc::transfer_renewal)
