#pragma once

#include "actors/fleet/fleet_view.hpp"
#include "messages/registry.hpp"

#include <caf/actor_clock.hpp>
#include <caf/expected.hpp>

#include <chrono>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

namespace kvc {

struct fleet_options {
  /// How workers must hash, and the hash of the canary that proves they do.
  hash_settings hashing;
  std::uint64_t canary = 0;

  /// Random, not 0: tells this controller from its predecessors.
  std::uint64_t controller_id = 1;

  /// Greater than every epoch of earlier controllers.
  std::uint64_t first_epoch = 1;

  /// How long a worker stays in lookups without renewing its registration.
  /// Positive.
  std::chrono::milliseconds lease{5'000};

  /// How long after its loss a worker may resume its epoch. Positive.
  std::chrono::milliseconds revival_grace{30'000};

  /// How often `sweep` is called. A late call means that this process was
  /// stopped: then all leases are extended by the delay, because the renewals
  /// of that time still wait in the mailbox.
  std::chrono::milliseconds sweep_interval{1'000};
};

/// The rules of registration: which workers are joining, live or lost, under
/// which epoch, and when their leases end. The registry actor drives it.
class fleet {
 public:
  using time_point = caf::actor_clock::time_point;

  /// The registration that a hello led to.
  struct joining {
    std::uint64_t epoch = 0;
    std::uint32_t worker_slot = 0;
    bool is_revived = false;         ///< The epoch is the worker's former one.
    std::uint64_t closed_epoch = 0;  ///< Replaced by this epoch; 0 if none.
    caf::actor_addr previous_actor;  ///< The worker's former actor, or null.
    std::uint64_t attempt = 0;       ///< Names this join, for `confirm`.
  };

  explicit fleet(fleet_options options) : options_(options) {}

  /// Takes a hello. The worker becomes live with `confirm`. Fails with the
  /// errors of registrar_actor and then changes nothing, but remembers one who
  /// was refused as superseded. Only a process that is live or joining
  /// supersedes another.
  caf::expected<joining> join(const register_worker& hello, time_point now,
                              std::int64_t now_ms);

  /// Makes the worker live, now that the shards are ready. Returns false if it
  /// was lost or said hello again meanwhile.
  bool confirm(const worker_id& id, std::uint64_t attempt);

  /// Returns whether `attempt` is the worker's latest hello.
  bool is_latest(const worker_id& id, std::uint64_t attempt) const;

  /// Extends a worker's lease. A worker that was lost because it was silent is
  /// live again. Fails with unknown_worker, stale_epoch or invalid_request.
  caf::expected<lease> renew(const renew_lease& msg, time_point now,
                             std::int64_t now_ms);

  /// Forgets a worker. Returns false if it is not registered under `epoch`.
  bool leave(const worker_id& id, std::uint64_t epoch);

  /// Notes that an actor is gone, with its process or its link. Returns the
  /// workers that are lost by that.
  std::vector<worker_id> lose(const caf::actor_addr& actor, time_point now);

  struct swept {
    std::vector<worker_id> silent;         ///< Lost now: their lease expired.
    std::vector<worker_record> forgotten;  ///< Their grace time is over.
  };

  /// Ends what has expired, and returns what that changed.
  swept sweep(time_point now);

  /// Returns, once, whose place has become free: for each worker that is lost
  /// or forgotten now, the one that was refused last as superseded by it.
  std::vector<worker_actor> take_invited();

  bool is_live(const worker_id& id) const;

  /// Returns the worker's actor; null if there is no such worker.
  caf::actor_addr actor_of(const worker_id& id) const;

  /// Returns the live workers, ordered by id, and the lost ones if asked to.
  std::vector<worker_record> records(bool includes_lost) const;

  /// Returns who is live now.
  std::shared_ptr<const fleet_view> view() const;

  const fleet_options& options() const { return options_; }

 private:
  enum class phase : std::uint8_t { joining, live, silent, disconnected };

  struct entry {
    worker_record record;
    std::shared_ptr<const peer_address> peer;  ///< Null without a transport.
    incarnation process;
    std::uint64_t attempt = 0;  ///< The latest hello.
    phase state = phase::joining;
    time_point expires;    ///< Ends the lease; the grace time if lost.
    worker_actor waiting;  ///< Refused last as superseded, or null.

    bool is_lost() const {
      return state == phase::silent || state == phase::disconnected;
    }
  };

  using entry_map = std::map<worker_id, entry>;

  caf::error reason_to_refuse(const register_worker& hello) const;
  caf::error conflict_with_siblings(const worker_profile& profile) const;
  bool can_resume(const entry& previous, const register_worker& hello) const;
  joining replace(const register_worker& hello, std::int64_t now_ms);
  entry_map::iterator forget(entry_map::iterator it);
  void mark_lost(entry& worker, phase how, time_point now);
  void invite_successor(entry& worker);
  void forgive_delay(time_point now);

  fleet_options options_;
  entry_map workers_;
  std::uint64_t opened_epochs_ = 0;
  std::uint64_t attempts_ = 0;
  std::uint32_t worker_slots_ = 0;
  std::vector<std::uint32_t> free_slots_;
  std::vector<worker_actor> invited_;
  time_point last_sweep_{};
};

}  // namespace kvc
