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
  /// What workers must hash with, and the canary that proves it.
  hash_settings hashing;
  std::uint64_t canary = 0;

  /// Random and not 0; tells this controller from its predecessors.
  std::uint64_t controller_id = 1;

  /// Greater than every epoch of earlier controllers.
  std::uint64_t first_epoch = 1;

  /// How long a worker stays in lookups without renewing. Positive.
  std::chrono::milliseconds lease{5'000};

  /// How long a lost worker may resume its epoch. Positive.
  std::chrono::milliseconds revival_grace{30'000};

  /// How often `sweep` is called. When a call comes late, this process was
  /// stopped: the leases are extended by the delay, because the renewals of
  /// that time wait in the mailbox.
  std::chrono::milliseconds sweep_interval{1'000};
};

/// The rules of registration: who is joining, live or lost, under which epoch
/// and lease. The registry actor drives it.
class fleet {
 public:
  using time_point = caf::actor_clock::time_point;

  /// What a hello led to.
  struct joining {
    std::uint64_t epoch = 0;
    std::uint32_t worker_slot = 0;
    bool is_revived = false;
    std::uint64_t closed_epoch = 0;  ///< Replaced by this one; 0 if none.
    caf::actor_addr previous_actor;  ///< Of the previous registration, or null.
    std::uint64_t attempt = 0;       ///< Names this join for `confirm`.
  };

  explicit fleet(fleet_options options) : options_(options) {}

  /// Takes a hello. The worker becomes live with `confirm`. Fails, changing
  /// nothing, with the errors of registrar_actor.
  caf::expected<joining> join(const register_worker& hello, time_point now,
                              std::int64_t now_ms);

  /// The shards are ready: the worker is live, unless it was lost or said hello
  /// again meanwhile. Returns whether it is.
  bool confirm(const worker_id& id, std::uint64_t attempt);

  /// Returns whether the worker did not say hello again since.
  bool is_latest(const worker_id& id, std::uint64_t attempt) const;

  /// Fails with unknown_worker, stale_epoch or invalid_request. A worker that
  /// was lost for its silence is live again.
  caf::expected<lease> renew(const renew_lease& msg, time_point now,
                             std::int64_t now_ms);

  /// Forgets a worker. Returns whether there was this registration.
  bool leave(const worker_id& id, std::uint64_t epoch);

  /// The worker's link or process is gone. Returns those that this concerns.
  std::vector<worker_id> lose(const caf::actor_addr& actor, time_point now);

  /// What time alone changes.
  struct swept {
    std::vector<worker_id> silent;         ///< Lost: their lease expired.
    std::vector<worker_record> forgotten;  ///< Their grace time is over.
  };
  swept sweep(time_point now);

  bool is_live(const worker_id& id) const;

  /// Returns null if there is no such worker.
  caf::actor_addr actor_of(const worker_id& id) const;

  /// Ordered by id.
  std::vector<worker_record> records(bool includes_lost) const;

  std::shared_ptr<const fleet_view> view() const;

  const fleet_options& options() const { return options_; }

 private:
  enum class phase : std::uint8_t { joining, live, silent, disconnected };

  struct entry {
    worker_record record;
    std::shared_ptr<const peer_address> peer;  ///< Null without transport.
    incarnation process;
    std::uint64_t attempt = 0;  ///< The latest one.
    phase state = phase::joining;
    time_point expires;  ///< Of the lease while live, else of the grace time.
  };

  using entry_map = std::map<worker_id, entry>;

  caf::error reason_to_refuse(const register_worker& hello) const;
  caf::error conflict_with_siblings(const worker_profile& profile) const;
  bool can_resume(const entry& previous, const register_worker& hello) const;
  joining replace(const register_worker& hello, std::int64_t now_ms);
  entry_map::iterator forget(entry_map::iterator it);
  void forgive_delay(time_point now);

  fleet_options options_;
  entry_map workers_;
  std::uint64_t opened_epochs_ = 0;
  std::uint64_t attempts_ = 0;
  std::uint32_t worker_slots_ = 0;
  std::vector<std::uint32_t> free_slots_;
  time_point last_sweep_{};
};

}  // namespace kvc
