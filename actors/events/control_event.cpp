#include "actors/events/control_event.hpp"

#include "messages/errors.hpp"
#include "messages/unexpected.hpp"

#include <algorithm>
#include <utility>

namespace kvc {

namespace {

using self_pointer = control_event_impl::stateful_pointer<control_event_state>;

constexpr auto* lost_text = "the worker's process or link is gone";

/// A worker that was lost before the event has begun nothing.
bool note_gone(event_ledger& ledger, const worker_record& worker) {
  const auto rank = worker.profile.id.rank;
  return worker.is_lost ? ledger.note_refusal(rank, lost_text, rank_code::lost)
                        : ledger.note_loss(rank, rank_code::lost, lost_text);
}

bool note_error(event_ledger& ledger, const worker_record& worker,
                const caf::error& why) {
  const auto rank = worker.profile.id.rank;
  if (why == caf::sec::request_receiver_down)
    return note_gone(ledger, worker);
  if (why == caf::sec::unexpected_response)
    return ledger.note_loss(rank, rank_code::unexpected, describe(why));
  return ledger.note_refusal(rank, describe(why));
}

/// A worker is to give up a little earlier, so that its own words arrive.
std::chrono::milliseconds worker_timeout(std::chrono::milliseconds timeout) {
  const std::chrono::milliseconds margin{500};
  return std::max(timeout - std::min(margin, timeout / 4),
                  std::chrono::milliseconds{1});
}

/// Tells the board how far the event is, how it ended with its last rank, or
/// what it was really like. Stays as long as a rank may answer late.
void tell(self_pointer self) {
  auto& [plan, ledger, not_after] = self->state;
  if (!ledger->is_over()) {
    self->send(plan->board, ledger->status());
    return;
  }
  const auto had_ended = ledger->has_ended();
  self->send(plan->board, ledger->end(plan->now_ms()));
  if (!ledger->is_awaiting())
    return self->quit();
  if (had_ended)
    return;
  plan->what = {};  // May be large.
  self->delayed_send(self, plan->correction_time, corrections_over{});
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
    source == plan.sources.end() ? peer_address{} : source->second,
    {plan.controller_id, worker.epoch, self->state.not_after}};
  self->request(worker.actor, caf::infinite, order)
    .then(
      [=](const command_result& result) {
        if (self->state.ledger->note_result(rank, result))
          tell(self);
      },
      [=](const caf::error& why) {
        if (note_error(*self->state.ledger, worker, why))
          tell(self);
      });
  self->monitor(worker.actor);
}

void note_death(self_pointer self, const caf::down_msg& down) {
  auto& [plan, ledger, not_after] = self->state;
  if (down.source == plan->board.address())
    return self->quit();
  for (const auto& worker : plan->workers)
    if (worker.actor.address() == down.source)
      note_gone(*ledger, worker);
  if (!ledger->has_ended())
    tell(self);
  else if (!ledger->is_awaiting())
    self->quit();
}

/// Lets a rank begin, for a while: a cancellation waits as long.
caf::result<start_permit> permit(self_pointer self) {
  const auto& [plan, ledger, not_after] = self->state;
  if (ledger->is_cancel_requested())
    return start_permit{.is_cancelled = true};
  if (ledger->is_over())
    return caf::make_error(errc::too_late, "nothing was begun");
  return start_permit{
    .not_after = std::min(not_after, plan->boot_clock() + plan->cancel_grace)};
}

void note_time(self_pointer self, const time_over& msg) {
  auto& ledger = *self->state.ledger;
  if (ledger.has_ended())
    return;
  ledger.lose_rest(rank_code::silent, msg.what_is_missing);
  tell(self);
}

void cancel(self_pointer self) {
  auto& [plan, ledger, not_after] = self->state;
  if (ledger->is_cancel_requested())
    return;
  ledger->request_cancel();
  for (const auto& worker : plan->workers)
    self->send(worker.actor, cancel_command{plan->begun.event_id});
  self->delayed_send(self, plan->cancel_grace,
                     time_over{"did not confirm the cancellation"});
}

}  // namespace

control_event_impl::behavior_type control_event(self_pointer self,
                                                event_plan plan) {
  refuse_unexpected(self);
  auto& state = self->state;
  state.plan = std::make_unique<event_plan>(std::move(plan));
  state.ledger = std::make_unique<event_ledger>(state.plan->begun);
  state.not_after =
    state.plan->boot_clock() + worker_timeout(state.plan->timeout);
  self->monitor(state.plan->board);
  self->set_down_handler(
    [self](const caf::down_msg& down) { note_death(self, down); });
  for (const auto& worker : state.plan->workers)
    ask(self, worker);
  if (state.ledger->is_over())
    tell(self);
  self->delayed_send(self, state.plan->timeout, time_over{"no answer in time"});
  return {
    [self](const command_progress& news) {
      auto& ledger = *self->state.ledger;
      if (ledger.note_progress(news.id.rank, news.tally) && !ledger.is_over())
        tell(self);
    },
    [self](const permit_start&) { return permit(self); },
    [self](const end_early&) { cancel(self); },
    [self](const time_over& msg) { note_time(self, msg); },
    [self](const corrections_over&) { self->quit(); },
  };
}

}  // namespace kvc
