#include "actors/worker/worker.hpp"

#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace kvc {

namespace {

constexpr std::size_t max_shards = 1024;

using self_pointer = worker_impl::stateful_pointer<worker_state>;

/// One worker's actor, its parts and its settings: what all steps need.
struct context {
  self_pointer self;
  worker_services services;
  worker_settings settings;

  const worker_id& id() const { return settings.profile.id; }
};

using context_ptr = std::shared_ptr<const context>;

void dial_controller(const context_ptr& c);
void say_hello(const context_ptr& c);
void renew(const context_ptr& c);

/// Logs what keeps the worker out, when it changes.
void note_trouble(const context& c, const std::string& trouble) {
  auto& last = c.self->state.last_trouble;
  if (last == trouble)
    return;
  last = trouble;
  spdlog::warn("worker: not registered worker={} reason={}", to_string(c.id()),
               trouble);
}

void schedule(const context& c, std::chrono::milliseconds delay,
              worker_step step) {
  c.self->delayed_send(c.self, delay, worker_timer{c.self->state.round, step});
}

/// Makes everything that was under way void.
void begin_round(const context& c) {
  ++c.self->state.round;
  c.self->state.is_registered = false;
}

/// Full jitter: a random wait, so that a fleet does not dial in step.
void dial_later(const context& c) {
  auto& state = c.self->state;
  const auto doublings = std::min<std::uint32_t>(state.failures++, 16);
  const auto bound =
    std::min(c.settings.max_backoff, c.settings.min_backoff * (1 << doublings));
  std::uniform_int_distribution<std::int64_t> wait{0, bound.count()};
  schedule(c, std::chrono::milliseconds{wait(state.random)}, worker_step::dial);
}

void lose_link(const context& c) {
  begin_round(c);
  c.self->state.registrar = nullptr;
  c.self->state.reporters.pause();
  if (c.services.on_link_lost)
    c.services.on_link_lost();
  dial_later(c);
}

void dial_controller(const context_ptr& c) {
  const auto self = c->self;
  const auto round = self->state.round;
  self->request(c->services.dialer, c->settings.dial_timeout, dial{})
    .then(
      [=](const registrar_actor& registrar) {
        if (round != self->state.round)
          return;
        self->state.registrar = registrar;
        self->monitor(registrar);
        say_hello(c);
      },
      [=](const caf::error& why) {
        if (round != self->state.round)
          return;
        note_trouble(*c, describe(why));
        dial_later(*c);
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
bool can_go_on(const context& c, const welcome& answer) {
  return answer.epoch == c.self->state.epoch &&
         layout_of(answer) == c.services.hub.shards();
}

void accept(const context_ptr& c, const welcome& answer) {
  auto& state = c->self->state;
  if (!is_usable(answer) || (answer.is_revived && !can_go_on(*c, answer))) {
    state.epoch = 0;
    note_trouble(*c, "the controller's welcome makes no sense");
    schedule(*c, c->settings.refused_backoff, worker_step::hello);
    return;
  }
  state.reporters.open(*c->self, caf::actor_cast<epoch_watcher_actor>(c->self),
                       {c->services.hub, c->services.source}, answer);
  state.is_registered = true;
  state.failures = 0;
  state.controller_id = answer.controller_id;
  state.epoch = answer.epoch;
  state.last_trouble.clear();
  spdlog::info("worker: {} worker={} epoch={} shards={}",
               answer.is_revived ? "resumed" : "registered", to_string(c->id()),
               answer.epoch, answer.shards.size());
  if (c->services.on_welcome)
    c->services.on_welcome(answer);
  schedule(*c, c->settings.heartbeat, worker_step::renew);
}

/// A refusal may end one day: another worker leaves, settings change.
void handle_refusal(const context& c, const caf::error& why) {
  c.self->state.reporters.pause();
  note_trouble(c, describe(why));
  const auto is_superseded = why == errc::superseded;
  if (is_superseded) {
    c.self->state.epoch = 0;
    c.services.hub.stop();
  }
  schedule(
    c,
    is_superseded ? c.settings.superseded_backoff : c.settings.refused_backoff,
    worker_step::hello);
}

void say_hello(const context_ptr& c) {
  const auto self = c->self;
  begin_round(*c);
  const auto round = self->state.round;
  register_worker hello;
  hello.process = c->settings.process;
  hello.profile = c->settings.profile;
  hello.hashing = c->settings.hashing;
  hello.canary = c->settings.canary;
  hello.actor = caf::actor_cast<worker_actor>(self);
  hello.usage = c->services.source.usage();
  hello.resume_controller = self->state.controller_id;
  hello.resume_epoch = self->state.epoch;
  self->request(self->state.registrar, c->settings.answer_timeout, hello)
    .then(
      [=](const welcome& answer) {
        if (round == self->state.round)
          accept(c, answer);
      },
      [=](const caf::error& why) {
        if (round == self->state.round)
          handle_refusal(*c, why);
      });
}

/// The registration is over, but the link is not.
void say_hello_again(const context_ptr& c) {
  if (!c->self->state.is_registered)
    return;
  c->self->state.reporters.pause();
  say_hello(c);
}

void renew(const context_ptr& c) {
  const auto self = c->self;
  const auto round = self->state.round;
  const renew_lease msg{c->id(), self->state.epoch, c->services.source.usage()};
  self->request(self->state.registrar, c->settings.answer_timeout, msg)
    .then(
      [=](const lease&) {
        if (round == self->state.round)
          schedule(*c, c->settings.heartbeat, worker_step::renew);
      },
      [=](const caf::error& why) {
        if (round != self->state.round)
          return;
        spdlog::warn("worker: lease not renewed worker={} reason={}",
                     to_string(c->id()), describe(why));
        if (why == caf::sec::request_timeout)
          renew(c);
        else
          say_hello_again(c);
      });
}

void take_step(const context_ptr& c, const worker_timer& timer) {
  if (timer.round != c->self->state.round)
    return;
  switch (timer.step) {
    case worker_step::dial:
      dial_controller(c);
      break;
    case worker_step::hello:
      say_hello(c);
      break;
    case worker_step::renew:
      renew(c);
      break;
  }
}

/// Ends when the registrar has answered, is late or is lost.
void depart(const context_ptr& c) {
  const auto self = c->self;
  const auto was_registered = self->state.is_registered;
  begin_round(*c);
  c->services.hub.stop();
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
    ->request(self->state.registrar, c->settings.leave_timeout,
              deregister_worker{c->id(), self->state.epoch})
    .then([end](bool) { end(); }, [end](const caf::error&) { end(); });
}

}  // namespace

worker_impl::behavior_type worker(self_pointer self, worker_services services,
                                  worker_settings settings) {
  self->state.random.seed(static_cast<std::uint32_t>(settings.process.salt));
  const auto c = std::make_shared<const context>(
    context{self, std::move(services), std::move(settings)});
  self->set_down_handler([c, self](const caf::down_msg& down) {
    if (self->state.desk.forget(down.source))
      return;
    if (self->state.registrar &&
        down.source == self->state.registrar.address()) {
      spdlog::warn("worker: link lost worker={} reason={}", to_string(c->id()),
                   self->system().render(down.reason));
      lose_link(*c);
    }
  });
  dial_controller(c);
  return {
    [c, self](const run_command& order) {
      return self->state.desk.run(self, c->id(), c->services.commands,
                                  self->state.reporters.actors(), order);
    },
    [self](const cancel_command& order) { self->state.desk.cancel(order); },
    [c](const leave&) { depart(c); },
    [c](const worker_timer& timer) { take_step(c, timer); },
    [c, self](const epoch_ended& msg) {
      if (msg.epoch == self->state.epoch)
        say_hello_again(c);
    },
  };
}

}  // namespace kvc
