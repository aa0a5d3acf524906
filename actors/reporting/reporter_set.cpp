#include "actors/reporting/reporter_set.hpp"

#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>

namespace kvc {

void reporter_set::open(caf::scheduled_actor& self,
                        const epoch_watcher_actor& watcher,
                        reporter_sources sources, const welcome& answer) {
  if (!answer.is_revived) {
    // None is ever ended: one that was replaced could still take changes meant
    // for its successor.
    while (reporters_.size() < answer.shards.size())
      reporters_.push_back(
        self.spawn<caf::linked>(reporter, sources, reporters_.size(), watcher));
    sources.hub.start(layout_of(answer),
                      [reporters = reporters_](std::size_t shard) {
                        caf::anon_send(reporters[shard], changes_wait{});
                      });
  }
  for (std::size_t shard = 0; shard < answer.shards.size(); ++shard) {
    const auto& link = answer.shards[shard];
    caf::anon_send(reporters_[shard],
                   open_stream{answer.epoch,
                               answer.is_revived,
                               link.sink,
                               link.applied_sequence,
                               {answer.max_reports, answer.max_report_keys}});
  }
}

void reporter_set::pause() const {
  for (const auto& reporter : reporters_)
    caf::anon_send(reporter, pause_stream{});
}

change_hub::layout layout_of(const welcome& answer) {
  return {answer.key_multiplier, answer.shards.size()};
}

}  // namespace kvc
