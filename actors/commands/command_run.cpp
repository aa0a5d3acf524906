#include "actors/commands/command_run.hpp"

#include "actors/commands/chunk_plan.hpp"
#include "actors/commands/move_plan.hpp"
#include "actors/peers/time_left.hpp"
#include "actors/pool/job_failure.hpp"
#include "messages/errors.hpp"
#include "messages/unexpected.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace kvc {

namespace {

using self_pointer = command_run_impl::stateful_pointer<command_run_state>;

void advance(self_pointer self);

std::chrono::milliseconds time_left(self_pointer self) {
  return kvc::time_left(self->state.deadline, self->clock().now());
}

void tell_progress(self_pointer self) {
  const auto& state = self->state;
  if (state.order.observer)
    self->send(
      state.order.observer,
      command_progress{state.order.id, state.plan->tally(self->clock().now())});
}

/// Errors say nothing of what was done: the progress before them does.
void end(self_pointer self, command_answer answer) {
  auto& state = self->state;
  if (answer) {
    state.answer.deliver(std::move(*answer));
  } else {
    if (state.has_begun)
      tell_progress(self);
    state.answer.deliver(std::move(answer.error()));
  }
  self->quit();
}

void end_late(self_pointer self) {
  const auto& state = self->state;
  const auto tally = state.plan->tally(self->clock().now());
  auto text = std::to_string(tally.finished()) + " of " +
              std::to_string(tally.planned) + " chunks done";
  if (state.reporters_pending > 0)
    text += ", the index not told";
  if (const auto remark = state.plan->remark(); !remark.empty())
    text += ", " + remark;
  end(self, caf::make_error(errc::timed_out, std::move(text)));
}

/// Timers of a process that was stopped may fire after its other messages.
bool is_late(self_pointer self) {
  const auto& state = self->state;
  return state.here->boot_clock() >= state.ends_at;
}

void take(self_pointer self, pool_step step) {
  if (is_late(self))
    return end_late(self);
  self->state.on_done = std::move(step.then);
  const auto me = caf::actor_cast<caf::actor>(self);
  self->state.here->submit([work = std::move(step.work), me] {
    caf::anon_send(me, step_done{failure_of(work)});
  });
}

void take(self_pointer self, fetch_step step) {
  if (is_late(self))
    return end_late(self);
  auto& state = self->state;
  step.order.patience = std::min(step.order.patience, time_left(self));
  step.order.owner = caf::actor_cast<caf::strong_actor_ptr>(self);
  state.transfer = self->spawn(transfer, std::cref(*state.here));
  const auto go_on = [self, then = std::move(step.then)](
                       const caf::expected<fetch_report>& report) {
    self->state.transfer = nullptr;
    then(report);
    advance(self);
  };
  self->request(state.transfer, caf::infinite, step.order)
    .then([go_on](fetch_report& report) { go_on(std::move(report)); },
          [go_on](const caf::error& why) { go_on(why); });
}

/// The reporters need no deadline of their own: the command has one.
void take(self_pointer self, const flush_step& step) {
  auto& state = self->state;
  state.reporters_pending = state.reporters.size();
  if (state.reporters.empty()) {
    step.then();
    return advance(self);
  }
  for (const auto& reporter : state.reporters)
    self->request(reporter, caf::infinite, flush_reports{})
      .then(
        [self, then = step.then](const reports_flushed&) {
          if (--self->state.reporters_pending > 0)
            return;
          then();
          advance(self);
        },
        [self, failure = step.failure](const caf::error&) {
          end(self, caf::make_error(errc::connection_lost, failure));
        });
}

void take(self_pointer self, dial_step step) {
  const auto go_on = [self,
                      then = std::move(step.then)](const caf::error& failure) {
    then(failure);
    advance(self);
  };
  self->request(self->state.here->dialer(), time_left(self), step.order)
    .then(
      [self, go_on](const peer_actor& peer) {
        self->monitor(peer);
        self->state.peer = peer;
        go_on(caf::none);
      },
      go_on);
}

void note_surrender(self_pointer self,
                    const caf::expected<surrender_report>& report) {
  if (const auto then = std::exchange(self->state.on_surrender, nullptr)) {
    then(report);
    advance(self);
  }
}

void take(self_pointer self, surrender_step step) {
  self->state.on_surrender = std::move(step.then);
  self->request(self->state.peer, time_left(self), step.order)
    .then(
      [self](const surrender_report& report) { note_surrender(self, report); },
      [self](const caf::error& why) { note_surrender(self, why); });
}

void take(self_pointer self, inner_step step) {
  step.order.timeout = time_left(self);
  const auto go_on = [self,
                      then = std::move(step.then)](const command_answer& x) {
    then(x);
    advance(self);
  };
  self->request(self->state.owner, caf::infinite, step.order)
    .then([go_on](command_result& result) { go_on(std::move(result)); },
          [go_on](const caf::error& why) { go_on(why); });
}

void take(self_pointer self, command_answer answer) {
  end(self, std::move(answer));
}

/// Takes the plan's next step.
void advance(self_pointer self) {
  const auto& state = self->state;
  const auto now = self->clock().now();
  auto step = state.plan->next(now);
  if (state.plan->has_news(now))
    tell_progress(self);
  std::visit([self](auto& x) { take(self, std::move(x)); }, step);
}

/// No default: the compiler asks for the plan of a new operation.
caf::expected<command_plan_ptr> plan_of(const run_command& order,
                                        const rank& here,
                                        command_plan::time_point now) {
  switch (order.what.verb) {
    case operation::health:
      return command_plan_ptr{std::make_unique<health_plan>(here)};
    case operation::clear:
    case operation::pin:
    case operation::unpin:
    case operation::compress:
    case operation::decompress:
      return chunk_plan::make(order.what, here, now);
    case operation::move:
      return move_plan::make(order, here, now);
  }
  return caf::make_error(errc::invalid_request, to_string(order.what.verb));
}

void begin_work(self_pointer self) {
  self->state.has_begun = true;
  advance(self);
}

/// Asks whether anybody still wants the command. The answer may come late, too:
/// then it asks again, until the command's own time is over.
void ask_to_begin(self_pointer self) {
  const auto& order = self->state.order;
  self->request(order.observer, caf::infinite, permit_start{order.id})
    .then(
      [self](const start_permit& permit) {
        if (permit.is_cancelled)
          self->state.plan->cancel();
        if (permit.is_cancelled ||
            self->state.here->time_until(permit.not_after))
          begin_work(self);
        else
          ask_to_begin(self);
      },
      [self](caf::error& why) { end(self, std::move(why)); });
}

caf::result<command_result> begin(self_pointer self, const run_command& order) {
  auto& state = self->state;
  const auto now = self->clock().now();
  auto plan = plan_of(order, *state.here, now);
  if (!plan) {
    self->quit();
    return std::move(plan.error());
  }
  state.order = order;
  state.plan = std::move(*plan);
  const auto patience =
    std::min(order.timeout, state.here->time_until(order.terms.not_after)
                              .value_or(std::chrono::milliseconds{1}));
  state.deadline = now + patience;
  state.ends_at = state.here->boot_clock() + patience;
  self->delayed_send(self, patience, give_up{});
  state.answer = self->make_response_promise<command_result>();
  auto answer = state.answer;
  if (order.observer) {
    self->monitor(order.observer);
    ask_to_begin(self);
  } else {
    begin_work(self);
  }
  return answer;
}

void cancel(self_pointer self) {
  const auto& state = self->state;
  if (state.plan)
    state.plan->cancel();
  if (state.transfer)
    self->send(state.transfer, cancel_fetch{});
}

void note_down(self_pointer self, const caf::down_msg& down) {
  const auto& peer = self->state.peer;
  if (peer && down.source == peer->address())
    note_surrender(self, caf::make_error(errc::connection_lost, "it is gone"));
  else
    end(self, caf::make_error(errc::connection_lost, "nobody waits for it"));
}

/// What the pool does still can be told only when it is done.
void give_up_now(self_pointer self) {
  if (self->state.on_done)
    self->state.is_over = true;
  else
    end_late(self);
}

void note_step(self_pointer self, const step_done& msg) {
  std::exchange(self->state.on_done, nullptr)(msg.failure);
  if (self->state.is_over)
    end_late(self);
  else
    advance(self);
}

}  // namespace

command_run_impl::behavior_type command_run(
  self_pointer self, const rank& here,
  const std::vector<reporter_actor>& reporters, const worker_actor& owner) {
  refuse_unexpected(self);
  auto& state = self->state;
  state.here = &here;
  state.reporters = reporters;
  state.owner = owner;
  self->monitor(owner);
  self->set_down_handler(
    [self](const caf::down_msg& down) { note_down(self, down); });
  return {
    [self](const run_command& order) { return begin(self, order); },
    [self](const cancel_command&) { cancel(self); },
    [](const ask_again&) {},
    [self](const step_done& msg) { note_step(self, msg); },
    [self](const give_up&) { give_up_now(self); },
  };
}

}  // namespace kvc
