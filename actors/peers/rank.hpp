#pragma once

#include "actors/peers/controller_clock.hpp"
#include "actors/pool/work_pool.hpp"
#include "actors/store/cpu_store.hpp"
#include "actors/store/disk_store.hpp"
#include "messages/boot_clock.hpp"
#include "messages/registry.hpp"
#include "net/transport/transport.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

namespace kvc {

/// One rank of an instance: what its actors work with, and whom they reach. It
/// outlives them, and all that it points to outlives it.
class rank {
 public:
  // Complete before its worker begins.

  /// Who it is. Without an `ip`, the link to the controller tells it.
  worker_profile profile{};

  chunk_format format{};              ///< Of its chunks.
  std::uint64_t bytes_per_token = 0;  ///< Of its chunks.
  cpu_store* cpu = nullptr;           ///< Null without location::cpu.
  disk_store* disk = nullptr;         ///< Null without location::disk.

  /// By location: `cpu` and `disk` again, as commands see them.
  std::array<chunk_store*, location_count> stores{};

  std::function<void(work_pool::job)> submit;  ///< To a work_pool.

  /// This host's clock, by which it tells what is late.
  std::function<std::chrono::microseconds()> boot_clock = boot_clock_now;

  /// Its memory holds the chunks of `cpu`. Null without peer to peer.
  kvc::transport* transport = nullptr;

  void set_stores(cpu_store* in_memory, disk_store* on_disk) {
    cpu = in_memory;
    disk = on_disk;
    stores = {in_memory, on_disk};
  }

  const worker_id& id() const { return profile.id; }

  /// Returns null if the rank does not have the location, whatever it is.
  chunk_store* at(location where) const {
    const auto index = static_cast<std::size_t>(where);
    return index < stores.size() ? stores[index] : nullptr;
  }

  // Thread-safe from here on.

  /// A link shows that others reach us at `own_address`. Returns whether that
  /// is new.
  bool note_link(const std::string& own_address);

  /// Returns where peers find it; empty while nobody knows.
  std::string ip() const;

  /// Returns its profile with all that is known by now, for a hello.
  worker_profile present() const;

  /// Its own worker, which takes commands; null before it is set.
  worker_actor worker() const;
  void set_worker(const worker_actor& actor);

  /// Links to its peers; null without peer to peer.
  peer_dialer_actor dialer() const;
  void set_dialer(const peer_dialer_actor& actor);

  /// `act` is called at each go_ahead(), by any thread; it must be short.
  void on_go_ahead(std::function<void()> act);

  /// The rank may change what it has on disk: it is no stranger to its
  /// controller, or there is none. Says so again at times.
  void go_ahead();

  /// The worker is registered, which is a go_ahead() too.
  void note_welcome(const welcome& answer);

  /// The controller's clock showed `shown` after `asked` by the boot clock.
  void note_clock(std::chrono::microseconds asked,
                  std::chrono::microseconds shown);

  /// Returns why what has such terms must not begin, if it must not. Fails with
  /// stale_epoch if they are of another registration than the latest, and with
  /// too_late if it is or may be so late.
  caf::error check(const order_terms& terms) const;

  /// Returns how long there is at least until `not_after`, by the controller's
  /// clock; nothing if it is or may be later.
  std::optional<std::chrono::milliseconds> time_until(
    std::chrono::microseconds not_after) const;

  /// The controller's link is gone: a request over it would only time out.
  void note_lost_link();

  /// Returns the epoch of the latest registration, and where it is; 0 before
  /// the first.
  std::uint64_t epoch() const;
  std::uint64_t controller_id() const;

  /// Answers questions about the index; null while there is no link.
  lookup_actor lookups() const;

  /// Waits for the first registration, until `deadline` at most. Returns
  /// whether there was one.
  bool is_registered_by(std::chrono::steady_clock::time_point deadline) const;

  /// Drops all handles, for good.
  void forget_actors();

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable is_registered_;
  worker_actor worker_;
  peer_dialer_actor dialer_;
  lookup_actor lookups_;
  std::string own_address_;  ///< By the latest link.
  std::uint64_t epoch_ = 0;
  std::function<void()> act_;
  std::uint64_t controller_id_ = 0;
  controller_clock clock_;
  bool is_over_ = false;
};

}  // namespace kvc
