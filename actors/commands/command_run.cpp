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

void end(self_pointer self, command_answer answer) {
  if (answer)
    self->state.answer.deliver(std::move(*answer));
  else
    self->state.answer.deliver(std::move(answer.error()));
  self->quit();
}

void take(self_pointer self, pool_step step) {
  self->state.on_done = std::move(step.then);
  const auto me = caf::actor_cast<caf::actor>(self);
  self->state.here->submit([work = std::move(step.work), me] {
    caf::anon_send(me, step_done{failure_of(work)});
  });
}

void take(self_pointer self, fetch_step step) {
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
  if (state.plan->has_news(now) && state.order.observer)
    self->send(state.order.observer,
               command_progress{state.order.id, state.plan->tally(now)});
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
  state.deadline = now + order.timeout;
  if (order.observer)
    self->monitor(order.observer);
  self->delayed_send(self, order.timeout, give_up{});
  state.answer = self->make_response_promise<command_result>();
  auto answer = state.answer;
  advance(self);
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
    [self](const step_done& msg) {
      std::exchange(self->state.on_done, nullptr)(msg.failure);
      advance(self);
    },
    [self](const give_up&) { end_late(self); },
  };
}

}  // namespace kvc
