#include "actors/store/disk_writer.hpp"

#include "messages/errors.hpp"
#include "messages/log.hpp"

#include <caf/send.hpp>

#include <utility>

namespace kvc {

namespace {

using self_pointer = disk_writer_actor::stateful_pointer<disk_writer_state>;

void answer_drains(self_pointer self) {
  const auto dropped = self->state.store->stop_offers();
  for (auto& each : std::exchange(self->state.drains, {}))
    each.answer.deliver(queue_drained{dropped});
}

bool is_time_over(self_pointer self) {
  const auto now = self->clock().now();
  for (const auto& each : self->state.drains)
    if (each.end <= now)
      return true;
  return false;
}

void write_one(self_pointer self) {
  auto& state = self->state;
  if (!is_time_over(self) && state.store->write_next())
    self->send(self, chunks_wait{});
  else if (!state.drains.empty())
    answer_drains(self);
}

void begin(self_pointer self) {
  if (const auto failure = self->state.store->allow_changes())
    spdlog::error("disk_writer: not tidied up reason={}", describe(failure));
  self->send(self, chunks_wait{});
}

}  // namespace

disk_writer_state::~disk_writer_state() {
  if (store == nullptr)
    return;
  store->on_work({});
  store->stop_offers();
}

disk_writer_actor::behavior_type disk_writer(self_pointer self,
                                             disk_store* store) {
  self->state.store = store;
  // An address only: the store must not keep the actor alive.
  store->on_work([writer = caf::actor_cast<caf::actor_addr>(self)] {
    caf::anon_send(caf::actor_cast<caf::actor>(writer), chunks_wait{});
  });
  return {
    [self](const chunks_wait&) { write_one(self); },
    [self](const allow_changes&) { begin(self); },
    [self](const drain_queue& msg) -> caf::result<queue_drained> {
      auto answer = self->make_response_promise<queue_drained>();
      const auto end = self->clock().now() + msg.patience;
      self->state.drains.push_back({end, answer});
      self->send(self, chunks_wait{});
      return answer;
    },
  };
}

}  // namespace kvc
