#pragma once

#include "actors/store/disk_writer.hpp"
#include "actors/worker/worker.hpp"
#include "apps/node/peer_side.hpp"
#include "apps/node/process.hpp"
#include "apps/node/worker_node.hpp"
#include "apps/workload/journal.hpp"
#include "net/link/connector.hpp"
#include "net/link/system.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

namespace kvc {

/// What runs in a worker_node, and how it is put together.
struct worker_node::parts {
  /// Everything of one rank.
  struct rank_parts {
    change_hub hub;
    std::unique_ptr<membership_listener> log;  ///< Before the hub, if any.
    std::unique_ptr<transport> copier;         ///< Null without peer to peer.
    std::unique_ptr<cache_engine> engine;
    std::atomic<std::uint64_t> epoch = 0;  ///< Of the latest welcome.
    worker_actor actor;  ///< Null once stopped, or without a controller.
  };

  explicit parts(worker_node_options chosen);

  worker_node_options options;
  hash_settings hashing;
  incarnation process{unix_time_ns(), random_number()};
  std::unique_ptr<journal> changes;  ///< If they are written.
  std::vector<std::unique_ptr<rank_parts>> ranks;
  std::vector<cache_engine*> engines;
  std::vector<disk_writer_actor> disk_writers;
  work_pool commands;  ///< Does the work of commands.
  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
  std::string secret;
  std::shared_ptr<link_connector> connector;
  dialer_actor dialer;
  std::unique_ptr<peer_side> peers;  ///< Null without peer to peer.
  std::atomic<bool> is_stopping = false;

  mutable std::mutex mutex;
  mutable std::condition_variable has_registered;
  lookup_actor lookups;  ///< Of the latest welcome.

  worker_actor worker_of(const rank_parts& rank) const;
  lookup_actor current_lookups() const;

  caf::error make_engines();
  caf::error link();
  caf::error link_peers();
  std::string own_host() const;
  worker_profile make_profile(std::size_t index) const;
  void spawn_worker(std::size_t index, const std::function<void()>& on_failure);
  command_services make_command_services(std::size_t index);
  void note_welcome(rank_parts& rank, const welcome& answer);
  void forget_lookups();
  void stop();
};

}  // namespace kvc
