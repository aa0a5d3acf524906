#include "actors/events/control_event.hpp"

#include "messages/errors.hpp"
#include "messages/unexpected.hpp"

#include <algorithm>
#include <utility>

namespace kvc {

namespace {

using self_pointer = control_event_impl::stateful_pointer<control_event_state>;

constexpr auto* lost_text = "the worker's process or link is gone";

std::int32_t code_for(const caf::error& why) {
  if (why == caf::sec::request_timeout)
    return rank_code::silent;
  if (why == caf::sec::request_receiver_down)
    return rank_code::lost;
  if (why == caf::sec::unexpected_response)
    return rank_code::unexpected;
  return rank_code::refused;
}

std::string text_for(const caf::error& why) {
  switch (code_for(why)) {
    case rank_code::silent:
      return "no answer in time";
    case rank_code::lost:
      return lost_text;
    default:
      return describe(why);
  }
}

/// A worker is to give up a little earlier, so that its own words arrive.
std::chrono::milliseconds worker_timeout(std::chrono::milliseconds timeout) {
  const std::chrono::milliseconds margin{500};
  return std::max(timeout - std::min(margin, timeout / 4),
                  std::chrono::milliseconds{1});
}

/// Tells the board how far the event is; ends the event with its last rank.
void tell(self_pointer self) {
  auto& [plan, ledger] = self->state;
  if (!ledger->is_over()) {
    self->send(plan->board, ledger->status());
    return;
  }
  self->send(plan->board, ledger->end(plan->now_ms()));
  self->quit();
}

void ask(self_pointer self, const worker_record& worker) {
  const auto& plan = *self->state.plan;
  const auto rank = worker.profile.id.rank;
  const auto source = plan.sources.find(rank);
  const run_command order{
    plan.begun.event_id,
    worker.profile.id,
    plan.what,
    worker_timeout(plan.timeout),
    caf::actor_cast<progress_sink_actor>(self),
    source == plan.sources.end() ? peer_address{} : source->second};
  self->request(worker.actor, plan.timeout, order)
    .then(
      [=](const command_result& result) {
        self->state.ledger->note_result(rank, result);
        tell(self);
      },
      [=](const caf::error& why) {
        self->state.ledger->note_failure(rank, code_for(why), text_for(why));
        tell(self);
      });
  self->monitor(worker.actor);
}

void note_death(self_pointer self, const caf::down_msg& down) {
  auto& [plan, ledger] = self->state;
  if (down.source == plan->board.address())
    return self->quit();
  for (const auto& worker : plan->workers)
    if (worker.actor.address() == down.source)
      ledger->note_failure(worker.profile.id.rank, rank_code::lost, lost_text);
  tell(self);
}

void cancel(self_pointer self) {
  auto& [plan, ledger] = self->state;
  if (ledger->is_cancel_requested())
    return;
  ledger->request_cancel();
  for (const auto& worker : plan->workers)
    self->send(worker.actor, cancel_command{plan->begun.event_id});
  self->delayed_send(self, plan->cancel_grace, grace_over{});
}

}  // namespace

control_event_impl::behavior_type control_event(self_pointer self,
                                                event_plan plan) {
  refuse_unexpected(self);
  auto& state = self->state;
  state.plan = std::make_unique<event_plan>(std::move(plan));
  state.ledger = std::make_unique<event_ledger>(state.plan->begun);
  self->monitor(state.plan->board);
  self->set_down_handler(
    [self](const caf::down_msg& down) { note_death(self, down); });
  for (const auto& worker : state.plan->workers)
    ask(self, worker);
  if (state.ledger->is_over())
    tell(self);
  return {
    [self](const command_progress& news) {
      self->state.ledger->note_progress(news.id.rank, news.tally);
      tell(self);
    },
    [self](const end_early&) { cancel(self); },
    [self](const grace_over&) {
      self->state.ledger->fail_rest(rank_code::silent,
                                    "did not confirm the cancellation");
      tell(self);
    },
  };
}

}  // namespace kvc
