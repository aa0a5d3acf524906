#pragma once

#include "messages/fwd.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace kvc {

/// Who is alive, at one moment. Worker slots are small numbers that the
/// registry gives to workers and reuses.
struct fleet_view {
  struct instance {
    std::string name;
    std::string model;
    std::uint32_t rank_count = 0;  ///< Ranks that the instance announced.
    std::uint32_t live_ranks = 0;  ///< Those registered and not lost.

    /// By rank; null where nobody is alive who lends chunks to peers.
    std::vector<std::shared_ptr<const peer_address>> peers;
  };

  std::vector<std::uint64_t>
    live_epochs;  ///< By worker slot; 0 if nobody is alive there.
  std::vector<std::uint32_t>
    instance_of;  ///< By worker slot; an index of `instances`.
  std::vector<instance> instances;  ///< Ordered by name.
};

/// Hands the registry's latest fleet_view to readers. Thread-safe.
class fleet_board {
 public:
  void publish(std::shared_ptr<const fleet_view> view) {
    const std::lock_guard lock{mutex_};
    view_ = std::move(view);
  }

  /// Never null.
  std::shared_ptr<const fleet_view> snapshot() const {
    const std::lock_guard lock{mutex_};
    return view_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const fleet_view> view_ = std::make_shared<fleet_view>();
};

}  // namespace kvc
