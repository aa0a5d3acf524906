#include "actors/reporting/reporter.hpp"

#include "messages/repeated_log.hpp"
#include "messages/unexpected.hpp"

namespace kvc {

namespace {

using self_pointer = reporter_actor::stateful_pointer<reporter_state>;

/// Sends a report that the stream keeps too, without copying it. The answer
/// comes back as an ordinary message.
void send_report(self_pointer self, caf::message report) {
  const auto sink = caf::actor_cast<caf::strong_actor_ptr>(self->state.sink);
  sink->enqueue(self->ctrl(), caf::make_message_id(), std::move(report),
                self->context());
}

/// Sends as much as the window allows.
void pump(self_pointer self) {
  auto& state = self->state;
  if (!state.sink)
    return;
  while (auto report = state.stream->next())
    send_report(self, std::move(*report));
}

void answer_flushes(self_pointer self) {
  auto& flushes = self->state.flushes;
  for (auto n = self->state.stream->take_passed_marks(); n > 0; --n) {
    flushes.front().deliver(reports_flushed{});
    flushes.pop_front();
  }
}

void open(self_pointer self, const open_stream& msg) {
  auto& state = self->state;
  state.sink = msg.sink;
  if (msg.is_revived && state.stream->epoch() == msg.epoch) {
    for (auto& report : state.stream->resume(msg.applied_sequence))
      send_report(self, std::move(report));
  } else {
    state.stream->start(msg.epoch, msg.window);
  }
  answer_flushes(self);
  pump(self);
}

caf::result<reports_flushed> flush(self_pointer self) {
  auto answer = self->make_response_promise<reports_flushed>();
  self->state.stream->add_mark();
  self->state.flushes.push_back(answer);
  answer_flushes(self);
  return answer;
}

void take_answer(self_pointer self, const report_ack& ack) {
  auto& state = self->state;
  if (ack.status != report_status::applied)
    warn_repeated("reporter: reports answered status=" + to_string(ack.status),
                  "shard=" + std::to_string(state.shard) +
                    " sequence=" + std::to_string(ack.sequence));
  const auto verdict = state.stream->acknowledge(ack);
  const auto is_over = verdict == report_stream::verdict::epoch_is_over;
  if (is_over && state.sink) {
    state.sink = nullptr;
    self->send(state.watcher, epoch_ended{ack.epoch});
  }
  answer_flushes(self);
  pump(self);
}

}  // namespace

reporter_actor::behavior_type reporter(self_pointer self,
                                       reporter_sources sources,
                                       std::size_t shard,
                                       const epoch_watcher_actor& watcher) {
  refuse_unexpected(self);
  self->state.shard = shard;
  self->state.watcher = watcher;
  self->state.stream.emplace(sources.hub, sources.source, shard);
  return {
    [self](const open_stream& msg) { open(self, msg); },
    [self](const pause_stream&) { self->state.sink = nullptr; },
    [self](const changes_wait&) { pump(self); },
    [self](const flush_reports&) { return flush(self); },
    [self](const report_ack& ack) { take_answer(self, ack); },
  };
}

}  // namespace kvc
