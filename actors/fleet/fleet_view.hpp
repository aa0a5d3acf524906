#pragma once

#include "messages/fwd.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kvc {

/// Who is live at one moment. A worker slot is a small number that the registry
/// gives to a worker, and to another one later.
struct fleet_view {
  struct instance {
    std::string name;
    std::string model;
    std::uint32_t rank_count = 0;  ///< Ranks that the instance announced.
    std::uint32_t live_ranks = 0;  ///< Ranks that are registered and not lost.

    /// One for each rank; null where no live worker lends chunks to peers.
    std::vector<std::shared_ptr<const peer_address>> peers;
  };

  std::vector<std::uint64_t> live_epochs;  ///< By worker slot; 0 if vacant.
  std::vector<std::uint32_t>
    instance_of;                    ///< By worker slot: place in `instances`.
  std::vector<instance> instances;  ///< Ordered by name.

  /// How many ranks the instances have announced that are not live, in all.
  std::uint32_t missing_ranks = 0;
};

/// Where the registry puts its latest fleet_view, for lookups to take it from.
/// Thread-safe.
class fleet_board {
 public:
  void publish(std::shared_ptr<const fleet_view> view) {
    const std::lock_guard lock{mutex_};
    view_ = std::move(view);
  }

  /// Returns the latest view, never null.
  std::shared_ptr<const fleet_view> snapshot() const {
    const std::lock_guard lock{mutex_};
    return view_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const fleet_view> view_ = std::make_shared<fleet_view>();
};

}  // namespace kvc
