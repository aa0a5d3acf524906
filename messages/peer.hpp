#pragma once

#include "messages/key_block.hpp"
#include "messages/worker_id.hpp"

#include <caf/typed_actor.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace kvc {

/// Where the peers of a worker reach it.
struct peer_address {
  worker_id id{};
  std::uint64_t epoch = 0;  ///< The number of its registration.
  std::string host{};
  std::uint16_t port = 0;          ///< For peers' links.
  std::string transfer_address{};  ///< Its transport's; empty without one.

  friend bool operator==(const peer_address&, const peer_address&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, peer_address& x) {
    return f(caf::meta::type_name("peer_address"), x.id, x.epoch, x.host,
             x.port, x.transfer_address);
  }
};

/// One chunk that a peer may read until its lease ends: the bytes do not change
/// until then.
struct leased_chunk {
  std::uint64_t hash = 0;
  std::uint64_t offset = 0;     ///< In the owner's memory, in bytes.
  std::uint64_t bytes = 0;      ///< As they lie there.
  std::uint64_t raw_bytes = 0;  ///< As stored, before any compression.
  std::uint64_t checksum = 0;   ///< XXH3-64 of the `bytes`.
  std::uint32_t tokens = 0;
  std::uint8_t codec = 0;  ///< A codec_id: how the bytes are encoded.

  friend bool operator==(const leased_chunk&, const leased_chunk&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, leased_chunk& x) {
    return f(caf::meta::type_name("leased_chunk"), x.hash, x.offset, x.bytes,
             x.raw_bytes, x.checksum, x.tokens, x.codec);
  }
};

/// Asks the worker `owner` to keep chunks in its host memory for the asker to
/// read: those that are there, or copies of those on its disk.
struct lease_chunks {
  worker_id owner{};
  std::uint64_t epoch = 0;  ///< The owner's; another one is refused.

  /// The chunks wanted; those that are not there are left out. Empty: the next
  /// `max_chunks` from `cursor` on, of all.
  key_block hashes{};
  std::uint64_t cursor = 0;  ///< 0 to begin.
  std::uint32_t max_chunks = 0;

  std::chrono::milliseconds valid_for{0};
  location where = location::cpu;  ///< From disk, fewer are lent at once.

  template <class Inspector>
  friend auto inspect(Inspector& f, lease_chunks& x) {
    return f(caf::meta::type_name("lease_chunks"), x.owner, x.epoch, x.hashes,
             x.cursor, x.max_chunks, x.valid_for, x.where);
  }
};

/// Answers lease_chunks.
struct chunk_lease {
  std::uint64_t lease_id = 0;              ///< 0 if there are no chunks.
  std::chrono::milliseconds valid_for{0};  ///< At most what was asked.
  std::string dtype{};                     ///< The chunks', as stored.
  std::vector<std::uint32_t> shape{};      ///< A full chunk's, as stored.
  std::vector<leased_chunk> chunks{};
  std::uint64_t next_cursor = 0;   ///< 0 at the end of all.
  std::uint64_t total_chunks = 0;  ///< In that location.

  /// On disk, but not lent: there is no room for a copy, or it is unreadable.
  key_block withheld{};

  template <class Inspector>
  friend auto inspect(Inspector& f, chunk_lease& x) {
    return f(caf::meta::type_name("chunk_lease"), x.lease_id, x.valid_for,
             x.dtype, x.shape, x.chunks, x.next_cursor, x.total_chunks,
             x.withheld);
  }
};

/// Prolongs a lease from now on.
struct renew_chunk_lease {
  worker_id owner{};
  std::uint64_t lease_id = 0;
  std::chrono::milliseconds valid_for{0};

  template <class Inspector>
  friend auto inspect(Inspector& f, renew_chunk_lease& x) {
    return f(caf::meta::type_name("renew_chunk_lease"), x.owner, x.lease_id,
             x.valid_for);
  }
};

/// Answers renew_chunk_lease.
struct lease_term {
  std::chrono::milliseconds valid_for{0};  ///< At most what was asked.

  template <class Inspector>
  friend auto inspect(Inspector& f, lease_term& x) {
    return f(caf::meta::type_name("lease_term"), x.valid_for);
  }
};

/// Ends a lease before its time.
struct end_chunk_lease {
  worker_id owner{};
  std::uint64_t lease_id = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, end_chunk_lease& x) {
    return f(caf::meta::type_name("end_chunk_lease"), x.owner, x.lease_id);
  }
};

/// Asks the owner to drop, in one step, chunks that its peer has now, and to
/// tell the index. Chunks that are pinned or in use stay.
struct surrender_chunks {
  worker_id owner{};
  std::uint64_t epoch = 0;  ///< The owner's; another one is refused.
  key_block hashes{};
  location where = location::cpu;

  /// The rest of the owner's order_terms.
  std::uint64_t controller_id = 0;
  std::chrono::microseconds not_after{0};

  template <class Inspector>
  friend auto inspect(Inspector& f, surrender_chunks& x) {
    return f(caf::meta::type_name("surrender_chunks"), x.owner, x.epoch,
             x.hashes, x.where, x.controller_id, x.not_after);
  }
};

/// Answers surrender_chunks: how many chunks went, and why the others did not.
struct surrender_report {
  std::uint64_t dropped = 0;
  std::uint64_t absent = 0;
  std::uint64_t pinned = 0;
  std::uint64_t in_use = 0;

  friend bool operator==(const surrender_report&,
                         const surrender_report&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, surrender_report& x) {
    return f(caf::meta::type_name("surrender_report"), x.dropped, x.absent,
             x.pinned, x.in_use);
  }
};

/// What a process serves to its peers, for all the workers in it. All requests
/// fail with unknown_worker if the owner is not in this process and with
/// stale_epoch if it has another epoch.
using peer_actor = caf::typed_actor<
  // Fails with invalid_request, too_busy and unknown_location.
  caf::replies_to<lease_chunks>::with<chunk_lease>,
  // Fails with invalid_request if there is no such lease any more.
  caf::replies_to<renew_chunk_lease>::with<lease_term>,
  caf::reacts_to<end_chunk_lease>,
  caf::replies_to<surrender_chunks>::with<surrender_report>>;

/// The first message on a link between peers; answered with the same.
struct introduce_peer {
  std::uint32_t version = 0;  ///< protocol_version.
  peer_actor actor{};         ///< Serves the sender's peers.

  template <class Inspector>
  friend auto inspect(Inspector& f, introduce_peer& x) {
    return f(caf::meta::type_name("introduce_peer"), x.version, x.actor);
  }
};

/// What a process publishes at its ports for peers.
using peer_door_actor = caf::typed_actor<
  // Fails with version_mismatch.
  caf::replies_to<introduce_peer>::with<introduce_peer>>;

/// Asks for a direct link to the process that listens for peers there.
struct dial_peer {
  std::string host{};
  std::uint16_t port = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, dial_peer& x) {
    return f(caf::meta::type_name("dial_peer"), x.host, x.port);
  }
};

/// Connects this process to its peers, one link for each process. Answers
/// within its own deadline; a monitor on the answer tells when the link is
/// gone.
using peer_dialer_actor = caf::typed_actor<
  // Fails with unreachable, timed_out, unauthorized or version_mismatch; and
  // with not_ready if there are too many peers or too many dials wait.
  caf::replies_to<dial_peer>::with<peer_actor>>;

}  // namespace kvc
