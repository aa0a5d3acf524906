#include "actors/worker/worker.hpp"

#include "config/host_address.hpp"
#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "messages/repeated_log.hpp"
#include "messages/unexpected.hpp"

#include <algorithm>

namespace kvc {

namespace {

constexpr std::size_t max_shards = 1024;

using self_pointer = worker_impl::stateful_pointer<worker_state>;

void dial_controller(self_pointer self);
void say_hello(self_pointer self);
void renew(self_pointer self);

/// Logs what keeps the worker out, when it changes.
void note_trouble(self_pointer self, const std::string& trouble) {
  auto& last = self->state.last_trouble;
  if (last == trouble)
    return;
  last = trouble;
  warn_repeated("worker: not registered worker=" +
                to_string(self->state.here->id()) + " reason=" + trouble);
}

void schedule(self_pointer self, std::chrono::milliseconds delay,
              worker_step step) {
  self->delayed_send(self, delay, worker_timer{self->state.round, step});
}

/// Makes everything that was under way void.
void begin_round(self_pointer self) {
  ++self->state.round;
  self->state.is_registered = false;
  self->state.is_superseded = false;
}

/// Full jitter: a random wait, so that a fleet does not dial in step.
void dial_later(self_pointer self) {
  auto& state = self->state;
  const auto doublings = std::min<std::uint32_t>(state.failures++, 16);
  const auto bound = std::min(state.settings.max_backoff,
                              state.settings.min_backoff * (1 << doublings));
  std::uniform_int_distribution<std::int64_t> wait{0, bound.count()};
  schedule(self, std::chrono::milliseconds{wait(state.random)},
           worker_step::dial);
}

/// Notes whether a controller has answered. One that refuses the rank may know
/// it by another model or hashing: then the disk stays as it is. If none is
/// there for long, nobody refuses.
void note_answer(self_pointer self, bool is_answer) {
  auto& state = self->state;
  state.was_answered |= is_answer;
  if (!state.was_answered &&
      self->clock().now() - state.begun >= state.settings.silence_patience)
    state.here->go_ahead();
}

void lose_link(self_pointer self) {
  begin_round(self);
  self->state.registrar = nullptr;
  self->state.reporters.pause();
  self->state.here->note_lost_link();
  dial_later(self);
}

void note_down(self_pointer self, const caf::down_msg& down) {
  const auto& state = self->state;
  if (!state.registrar || down.source != state.registrar.address())
    return;
  warn_repeated("worker: link lost worker=" + to_string(state.here->id()) +
                " reason=" + self->system().render(down.reason));
  lose_link(self);
}

/// Remembers where the link shows us.
void note_own_address(self_pointer self, const std::string& own_address) {
  auto& here = *self->state.here;
  const auto is_new = here.note_link(own_address);
  if (is_new && !host_address{own_address}.is_loopback() &&
      host_address{here.ip()}.is_loopback())
    spdlog::warn("worker: unreachable for peers on other hosts worker={} ip={}",
                 to_string(here.id()), here.ip());
}

void dial_controller(self_pointer self) {
  const auto& settings = self->state.settings;
  const auto round = self->state.round;
  self->request(settings.dialer, settings.dial_timeout, dial{})
    .then(
      [=](const registrar_actor& registrar, const std::string& own_address) {
        if (round != self->state.round)
          return;
        note_own_address(self, own_address);
        self->state.registrar = registrar;
        self->monitor(registrar);
        say_hello(self);
      },
      [=](const caf::error& why) {
        if (round != self->state.round)
          return;
        note_trouble(self, describe(why));
        note_answer(self,
                    why == errc::unauthorized || why == errc::version_mismatch);
        dial_later(self);
      });
}

bool is_usable(const welcome& answer) {
  return !answer.shards.empty() && answer.shards.size() <= max_shards &&
         std::all_of(
           answer.shards.begin(), answer.shards.end(),
           [](const shard_link& link) { return link.sink != nullptr; }) &&
         answer.max_reports > 0 && answer.max_report_keys > 0 &&
         answer.max_report_keys <= key_block::max_keys;
}

/// A revived epoch goes on where it was: with sequences that the shards have
/// seen, nothing can be reported anew.
bool can_go_on(self_pointer self, const welcome& answer) {
  return answer.epoch == self->state.epoch &&
         layout_of(answer) == self->state.sources->hub.shards();
}

void accept(self_pointer self, const welcome& answer,
            std::chrono::microseconds asked) {
  auto& state = self->state;
  note_answer(self, true);
  if (!is_usable(answer) || (answer.is_revived && !can_go_on(self, answer))) {
    state.epoch = 0;
    note_trouble(self, "the controller's welcome makes no sense");
    schedule(self, state.settings.refused_backoff, worker_step::hello);
    return;
  }
  state.reporters.open(*self, caf::actor_cast<epoch_watcher_actor>(self),
                       *state.sources, answer);
  state.is_registered = true;
  state.failures = 0;
  state.refusals = 0;
  state.controller_id = answer.controller_id;
  state.epoch = answer.epoch;
  state.last_trouble.clear();
  spdlog::info("worker: {} worker={} epoch={} shards={}",
               answer.is_revived ? "resumed" : "registered",
               to_string(state.here->id()), answer.epoch, answer.shards.size());
  state.here->note_welcome(answer);
  state.here->note_clock(asked, answer.clock);
  schedule(self, state.settings.heartbeat, worker_step::renew);
}

/// Waits until the controller says that the successor is gone. It may not, if
/// others wait too.
void wait_for_place(self_pointer self) {
  auto& state = self->state;
  const auto& settings = state.settings;
  state.epoch = 0;
  state.sources->hub.stop();
  state.is_superseded = true;
  const auto doublings = std::min<std::uint32_t>(state.refusals++, 16);
  schedule(self,
           std::min(settings.superseded_backoff,
                    settings.refused_backoff * (1 << doublings)),
           worker_step::hello);
}

/// A refusal may end one day: another worker leaves, settings change.
void handle_refusal(self_pointer self, const caf::error& why) {
  auto& state = self->state;
  state.reporters.pause();
  note_trouble(self, describe(why));
  note_answer(self, why != caf::sec::request_timeout);
  if (why == errc::superseded)
    wait_for_place(self);
  else
    schedule(self, state.settings.refused_backoff, worker_step::hello);
}

void say_hello(self_pointer self) {
  begin_round(self);
  const auto& state = self->state;
  const auto round = state.round;
  register_worker hello;
  hello.process = state.settings.process;
  hello.profile = state.here->present();
  hello.hashing = state.settings.hashing;
  hello.canary = state.settings.canary;
  hello.actor = caf::actor_cast<worker_actor>(self);
  hello.usage = state.sources->source.usage();
  hello.resume_controller = state.controller_id;
  hello.resume_epoch = state.epoch;
  const auto asked = state.here->boot_clock();
  self->request(state.registrar, state.settings.answer_timeout, hello)
    .then(
      [=](const welcome& answer) {
        if (round == self->state.round)
          accept(self, answer, asked);
      },
      [=](const caf::error& why) {
        if (round == self->state.round)
          handle_refusal(self, why);
      });
}

/// The registration is over, but the link is not.
void say_hello_again(self_pointer self) {
  if (!self->state.is_registered)
    return;
  self->state.reporters.pause();
  say_hello(self);
}

void renew(self_pointer self) {
  const auto& state = self->state;
  const auto round = state.round;
  const renew_lease msg{state.here->id(), state.epoch,
                        state.sources->source.usage()};
  const auto asked = state.here->boot_clock();
  self->request(state.registrar, state.settings.answer_timeout, msg)
    .then(
      [=](const lease& answer) {
        if (round != self->state.round)
          return;
        self->state.here->note_clock(asked, answer.clock);
        schedule(self, self->state.settings.heartbeat, worker_step::renew);
      },
      [=](const caf::error& why) {
        if (round != self->state.round)
          return;
        warn_repeated("worker: lease not renewed worker=" +
                      to_string(self->state.here->id()) +
                      " reason=" + describe(why));
        if (why == caf::sec::request_timeout)
          renew(self);
        else
          say_hello_again(self);
      });
}

void take_step(self_pointer self, const worker_timer& timer) {
  settle_repeated();
  if (timer.round != self->state.round)
    return;
  switch (timer.step) {
    case worker_step::dial:
      dial_controller(self);
      break;
    case worker_step::hello:
      say_hello(self);
      break;
    case worker_step::renew:
      renew(self);
      break;
  }
}

/// Only who has it registered now may order anything.
caf::result<command_result> run(self_pointer self, const run_command& order) {
  auto& state = self->state;
  if (!state.is_registered)
    return caf::make_error(errc::not_ready, to_string(state.here->id()));
  return state.desk.run(self, *state.here, state.reporters.actors(), order);
}

/// Ends when the registrar has answered, is late or is lost.
void depart(self_pointer self) {
  const auto& state = self->state;
  const auto was_registered = state.is_registered;
  begin_round(self);
  state.sources->hub.stop();
  const auto end = [self] { self->quit(caf::exit_reason::user_shutdown); };
  self->set_down_handler([self, end](const caf::down_msg& down) {
    if (!self->state.desk.forget(down.source))
      end();
  });
  if (!was_registered) {
    end();
    return;
  }
  self
    ->request(state.registrar, state.settings.leave_timeout,
              deregister_worker{state.here->id(), state.epoch})
    .then([end](bool) { end(); }, [end](const caf::error&) { end(); });
}

}  // namespace

worker_impl::behavior_type worker(self_pointer self, rank* here,
                                  reporter_sources sources,
                                  worker_settings settings) {
  refuse_unexpected(self);
  auto& state = self->state;
  state.here = here;
  state.sources.emplace(sources);
  state.settings = std::move(settings);
  state.begun = self->clock().now();
  state.random.seed(static_cast<std::uint32_t>(state.settings.process.salt));
  self->set_down_handler([self](const caf::down_msg& down) {
    if (!self->state.desk.forget(down.source))
      note_down(self, down);
  });
  dial_controller(self);
  return {
    [self](const run_command& order) { return run(self, order); },
    [self](const cancel_command& order) { self->state.desk.cancel(order); },
    [self](const ask_again&) {
      if (self->state.is_superseded)
        say_hello(self);
    },
    [self](const leave&) { depart(self); },
    [self](const worker_timer& timer) { take_step(self, timer); },
    [self](const epoch_ended& msg) {
      if (msg.epoch == self->state.epoch)
        say_hello_again(self);
    },
  };
}

}  // namespace kvc
