#pragma once

#include "messages/hash_settings.hpp"
#include "messages/index_shard.hpp"
#include "messages/lookup.hpp"
#include "messages/worker.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace kvc {

/// The first thing both ends compare. Raise it with every incompatible change.
inline constexpr std::uint32_t protocol_version = 5;

/// Tells two processes under the same worker_id apart. Of two that live, the
/// greater one is taken for the newer one; clocks differ, so one that is dead
/// is never compared.
struct incarnation {
  std::uint64_t started_at = 0;  ///< Nanoseconds since the Unix epoch.
  std::uint64_t salt = 0;        ///< Random, for two that started at once.

  friend auto operator<=>(const incarnation&, const incarnation&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, incarnation& x) {
    return f(caf::meta::type_name("incarnation"), x.started_at, x.salt);
  }
};

/// How a worker presents itself, besides its handle.
struct worker_profile {
  worker_id id;
  std::uint32_t rank_count =
    1;                ///< Ranks of the whole instance; greater than id.rank.
  std::string model;  ///< The namespace of its chunks; "" is the default one.
  std::string ip;     ///< Where peers reach it.
  std::uint16_t port = 0;  ///< Its entry of `lmcache_worker_ports`; 0 if none.
  std::string
    peer_url;  ///< "host:port" for transfers; empty without peer to peer.
  std::string
    transfer_address;  ///< Opaque bytes for peers' transports; may be empty.

  template <class Inspector>
  friend auto inspect(Inspector& f, worker_profile& x) {
    return f(caf::meta::type_name("worker_profile"), x.id, x.rank_count,
             x.model, x.ip, x.port, x.peer_url, x.transfer_address);
  }
};

/// A worker says hello: it wants to register, or to resume its registration.
struct register_worker {
  std::uint32_t version = protocol_version;
  incarnation process;
  worker_profile profile;
  hash_settings hashing;
  std::uint64_t canary = 0;  ///< The hash of `canary_tokens` under `hashing`.
  worker_actor actor;        ///< Takes the control requests; monitored.
  std::vector<location_usage> usage;  ///< Of each location that it has.
  std::uint64_t resume_controller =
    0;  ///< `controller_id` of the last welcome, or 0.
  std::uint64_t resume_epoch = 0;  ///< The epoch of the last welcome, or 0.

  template <class Inspector>
  friend auto inspect(Inspector& f, register_worker& x) {
    return f(caf::meta::type_name("register_worker"), x.version, x.process,
             x.profile, x.hashing, x.canary, x.actor, x.usage,
             x.resume_controller, x.resume_epoch);
  }
};

/// Where and how to report the chunks of one shard.
struct shard_link {
  report_sink_actor sink;
  std::uint64_t applied_sequence =
    0;  ///< Resume behind it; 0 means start with a full sync.

  template <class Inspector>
  friend auto inspect(Inspector& f, shard_link& x) {
    return f(caf::meta::type_name("shard_link"), x.sink, x.applied_sequence);
  }
};

/// Grants a registration.
struct welcome {
  std::uint64_t controller_id =
    0;  ///< Random for each controller process; never 0.
  std::uint64_t epoch = 0;
  bool is_revived =
    false;  ///< The epoch is the resumed one, memberships included.
  std::chrono::milliseconds lease{0};
  std::uint64_t key_multiplier = 1;  ///< Odd; see `shard_of`.
  std::uint32_t max_reports =
    0;  ///< Unanswered reports allowed per shard; positive.
  std::uint32_t max_report_keys = 0;  ///< Keys allowed in one report; positive.
  std::vector<shard_link> shards;     ///< At least one; `shard_of` indexes it.
  lookup_actor lookups;

  /// The controller's boot clock, read between the hello and this answer.
  std::chrono::microseconds clock{0};

  template <class Inspector>
  friend auto inspect(Inspector& f, welcome& x) {
    return f(caf::meta::type_name("welcome"), x.controller_id, x.epoch,
             x.is_revived, x.lease, x.key_multiplier, x.max_reports,
             x.max_report_keys, x.shards, x.lookups, x.clock);
  }
};

/// Returns which of `shard_count` shards keeps the chunk `hash`.
inline std::uint32_t shard_of(std::uint64_t hash, std::uint64_t key_multiplier,
                              std::size_t shard_count) {
  const auto high = (hash * key_multiplier) >> 32U;
  return static_cast<std::uint32_t>((high * shard_count) >> 32U);
}

/// A worker is still alive.
struct renew_lease {
  worker_id id;
  std::uint64_t epoch = 0;
  std::vector<location_usage> usage;  ///< At most one per location.

  template <class Inspector>
  friend auto inspect(Inspector& f, renew_lease& x) {
    return f(caf::meta::type_name("renew_lease"), x.id, x.epoch, x.usage);
  }
};

/// Answers renew_lease.
struct lease {
  std::uint64_t epoch = 0;
  std::chrono::milliseconds valid_for{0};

  /// The controller's boot clock, read between renewal and answer.
  std::chrono::microseconds clock{0};

  template <class Inspector>
  friend auto inspect(Inspector& f, lease& x) {
    return f(caf::meta::type_name("lease"), x.epoch, x.valid_for, x.clock);
  }
};

/// A worker leaves on purpose.
struct deregister_worker {
  worker_id id;
  std::uint64_t epoch = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, deregister_worker& x) {
    return f(caf::meta::type_name("deregister_worker"), x.id, x.epoch);
  }
};

/// What a link endpoint publishes: all that an authenticated peer may ask.
using registrar_actor = caf::typed_actor<
  // Fails with invalid_request, version_mismatch, hashing_mismatch,
  // rank_count_mismatch, superseded or not_ready; the detail says in what.
  caf::replies_to<register_worker>::with<welcome>,
  // Fails with unknown_worker, stale_epoch or superseded.
  caf::replies_to<renew_lease>::with<lease>,
  // Answers whether there was such a registration.
  caf::replies_to<deregister_worker>::with<bool>>;

/// Asks for the registered workers, ordered by id.
struct list_workers {
  /// Also those that are lost (silent or disconnected) but not forgotten yet.
  bool includes_lost = false;

  template <class Inspector>
  friend auto inspect(Inspector& f, list_workers& x) {
    return f(caf::meta::type_name("list_workers"), x.includes_lost);
  }
};

/// One registered worker.
struct worker_record {
  worker_profile profile;
  worker_actor actor;
  std::uint64_t epoch = 0;
  bool is_lost = false;  ///< Not in lookups: its lease or its link ended.
  std::uint32_t worker_slot = 0;      ///< Indexes lookup_source::key_counts().
  std::int64_t registered_at_ms = 0;  ///< Since the Unix epoch.
  std::int64_t renewed_at_ms = 0;     ///< Since the Unix epoch.
  std::vector<location_usage> usage;  ///< As of the hello or last renewal.

  template <class Inspector>
  friend auto inspect(Inspector& f, worker_record& x) {
    return f(caf::meta::type_name("worker_record"), x.profile, x.actor, x.epoch,
             x.is_lost, x.worker_slot, x.registered_at_ms, x.renewed_at_ms,
             x.usage);
  }
};

/// Returns where peers reach a worker.
inline peer_address address_of(const worker_record& worker) {
  const auto& profile = worker.profile;
  return {profile.id, worker.epoch, profile.ip, profile.port,
          profile.transfer_address};
}

/// Asks for who was refused in the last hour, newest first.
struct list_refusals {
  template <class Inspector>
  friend auto inspect(Inspector& f, list_refusals&) {
    return f(caf::meta::type_name("list_refusals"));
  }
};

/// A refused hello, or a link refused before a hello. Repetitions from the same
/// place for the same reason are counted.
struct refusal {
  worker_id id;  ///< Without a name for a link: nobody knows who it was.
  std::string ip;
  errc reason{};
  std::string detail;           ///< Names what differs.
  std::int64_t last_at_ms = 0;  ///< Since the Unix epoch.
  std::uint64_t count = 0;

  template <class Inspector>
  friend auto inspect(Inspector& f, refusal& x) {
    return f(caf::meta::type_name("refusal"), x.id, x.ip, x.reason, x.detail,
             x.last_at_ms, x.count);
  }
};

/// The whole registry, as the controller's own parts see it.
using registry_actor = registrar_actor::extend<  //
  caf::replies_to<list_workers>::with<std::vector<worker_record>>,
  caf::replies_to<list_refusals>::with<std::vector<refusal>>,
  // Takes note of a refused link.
  caf::reacts_to<refusal>>;

}  // namespace kvc
