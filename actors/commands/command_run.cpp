#include "actors/commands/command_run.hpp"

#include "messages/errors.hpp"

#include <caf/send.hpp>

#include <exception>

namespace kvc {

namespace {

using self_pointer = command_run_actor::stateful_pointer<command_run_state>;

constexpr std::chrono::milliseconds progress_period{100};

std::string progress_text(const command_tally& tally) {
  return std::to_string(tally.finished()) + " of " +
         std::to_string(tally.planned) + " chunks done";
}

void end(self_pointer self, caf::expected<command_result> result) {
  if (result)
    self->state.answer.deliver(std::move(*result));
  else
    self->state.answer.deliver(std::move(result.error()));
  self->quit();
}

/// Takes one step, on one of the pool's threads.
void take_step(command_task& task, const command_services& services) {
  try {
    if (task.work)
      task.work->step();
    else
      task.checked = services.check();
  } catch (const std::exception& error) {
    task.failure = error.what();
  }
}

void submit_step(self_pointer self, const command_services& services) {
  const auto run = caf::actor_cast<caf::actor>(self);
  services.submit([services, task = self->state.task, run] {
    take_step(*task, services);
    caf::anon_send(run, step_done{});
  });
}

void send_progress(self_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  if (now < state.progress_due || !state.order.observer || !state.task->work)
    return;
  state.progress_due = now + progress_period;
  self->send(state.order.observer,
             command_progress{state.order.id, state.tally});
}

void deliver_tally(self_pointer self) {
  const auto& state = self->state;
  end(self, command_result{0, {}, state.is_cancelled, state.tally});
}

/// Waits for the index, without a deadline of its own: the command has one.
void flush(self_pointer self, const std::vector<reporter_actor>& reporters) {
  auto& state = self->state;
  state.is_flushing = true;
  state.reporters_pending = reporters.size();
  if (reporters.empty())
    deliver_tally(self);
  for (const auto& reporter : reporters)
    self->request(reporter, caf::infinite, flush_reports{})
      .then(
        [self](const reports_flushed&) {
          if (--self->state.reporters_pending == 0)
            deliver_tally(self);
        },
        [self](const caf::error&) {
          end(self, caf::make_error(errc::connection_lost,
                                    "done, but the index was not told"));
        });
}

void go_on(self_pointer self, const command_services& services,
           const std::vector<reporter_actor>& reporters) {
  auto& state = self->state;
  auto& task = *state.task;
  if (task.work)
    state.tally = task.work->tally();
  if (!task.failure.empty())
    return end(self, caf::make_error(errc::io_failed, task.failure));
  if (task.checked)
    return end(self, std::move(*task.checked));
  if (!state.is_cancelled && !(task.work && task.work->is_done())) {
    send_progress(self);
    return submit_step(self, services);
  }
  if (traits_of(state.order.what.verb).may_drop_chunks)
    flush(self, reporters);
  else
    deliver_tally(self);
}

/// Returns the work of a command on chunks.
caf::expected<command_work> plan(const run_command& order,
                                 const command_services& services,
                                 caf::actor_clock::time_point now) {
  auto* store = services.store(order.what.where);
  if (store == nullptr)
    return caf::make_error(errc::unknown_location, to_string(order.what.where));
  return command_work::plan(order.what, *store, now);
}

caf::result<command_result> begin(self_pointer self, const run_command& order,
                                  const command_services& services) {
  auto& state = self->state;
  state.order = order;
  state.task = std::make_shared<command_task>();
  if (traits_of(order.what.verb).about != subject::ranks) {
    auto work = plan(order, services, self->clock().now());
    if (!work) {
      self->quit();
      return std::move(work.error());
    }
    state.tally = work->tally();
    state.task->work.emplace(std::move(*work));
  }
  if (order.observer)
    self->monitor(order.observer);
  self->delayed_send(self, order.timeout, give_up{});
  state.answer = self->make_response_promise<command_result>();
  auto answer = state.answer;
  send_progress(self);
  submit_step(self, services);
  return answer;
}

}  // namespace

command_run_actor::behavior_type command_run(
  self_pointer self, const command_services& services,
  const std::vector<reporter_actor>& reporters, const caf::actor_addr& owner) {
  self->monitor(owner);
  self->set_down_handler([self](const caf::down_msg&) {
    end(self, caf::make_error(errc::connection_lost, "nobody waits for it"));
  });
  return {
    [=](const run_command& order) { return begin(self, order, services); },
    [=](const cancel_command&) { self->state.is_cancelled = true; },
    [=](const step_done&) { go_on(self, services, reporters); },
    [=](const give_up&) {
      const auto done = progress_text(self->state.tally);
      end(self,
          caf::make_error(errc::timed_out, self->state.is_flushing
                                             ? done + ", the index not told"
                                             : done));
    },
  };
}

}  // namespace kvc
