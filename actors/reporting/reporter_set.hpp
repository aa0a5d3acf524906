#pragma once

#include "actors/reporting/reporter.hpp"
#include "messages/registry.hpp"

#include <vector>

namespace kvc {

/// The reporters of a rank, one per shard.
class reporter_set {
 public:
  /// Sends the streams to the shards that the welcome names. Missing reporters
  /// are spawned and linked to `self`, the worker.
  void open(caf::scheduled_actor& self, const epoch_watcher_actor& watcher,
            reporter_sources sources, const welcome& answer);

  /// The link is gone.
  void pause() const;

  const std::vector<reporter_actor>& actors() const { return reporters_; }

 private:
  std::vector<reporter_actor> reporters_;  ///< By shard.
};

/// Returns where chunks belong under this welcome.
change_hub::layout layout_of(const welcome& answer);

}  // namespace kvc
