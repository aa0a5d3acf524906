#include "actors/index/index_shard.hpp"

#include "messages/repeated_log.hpp"
#include "messages/unexpected.hpp"

namespace kvc {

namespace {

using self_pointer = index_shard_impl::stateful_pointer<index_shard_state>;

/// Begins to sweep, step by step, with other messages in between.
void start_sweeping(self_pointer self) {
  if (self->state.is_sweeping)
    return;
  self->state.is_sweeping = true;
  self->send(self, caf::tick_atom_v);
}

void log_trouble(const report_ack& ack) {
  if (ack.status == report_status::applied ||
      ack.status == report_status::stale_epoch)
    return;
  warn_repeated(
    "index_shard: reports not applied status=" + to_string(ack.status),
    "epoch=" + std::to_string(ack.epoch) +
      " sequence=" + std::to_string(ack.sequence));
}

}  // namespace

index_shard_impl::behavior_type index_shard(self_pointer self,
                                            std::shared_ptr<kv_index> index,
                                            index_shard_options options) {
  refuse_unexpected(self);
  self->state.intake.emplace(*index, options.max_report_keys);
  self->state.index = std::move(index);
  return {
    [self](const chunk_report& report) {
      auto& state = self->state;
      const auto ack = state.intake->apply(report);
      log_trouble(ack);
      if (report.begins_sync || report.ends_sync)
        start_sweeping(self);
      return ack;
    },
    [self](const open_epoch& msg) { return self->state.intake->open(msg); },
    [self](const close_epoch& msg) {
      self->state.intake->close(msg.epoch);
      start_sweeping(self);
    },
    [self, options](caf::tick_atom) {
      auto& state = self->state;
      state.is_sweeping = state.index->sweep(options.sweep_cells);
      if (state.is_sweeping)
        self->send(self, caf::tick_atom_v);
    },
  };
}

}  // namespace kvc
