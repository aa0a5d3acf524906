#include "actors/events/executor.hpp"

#include "actors/events/event_cast.hpp"
#include "messages/errors.hpp"
#include "messages/instance_ranks.hpp"
#include "messages/log.hpp"

#include <algorithm>

namespace kvc {

namespace {

using self_pointer = executor_impl::stateful_pointer<executor_state>;
using records = std::vector<worker_record>;

/// More who wait for the end of one event are answered at once.
constexpr std::size_t max_waiters = 64;

std::chrono::milliseconds default_timeout(const executor_options& options,
                                          operation verb) {
  switch (traits_of(verb).timeout) {  // No default: -Wswitch reports a gap.
    case timeout_setting::health:
      return options.health_timeout;
    case timeout_setting::clear:
      return options.clear_timeout;
    case timeout_setting::pin:
      return options.pin_timeout;
    case timeout_setting::compress:
      return options.compress_timeout;
    case timeout_setting::move:
      return options.move_timeout;
  }
  return options.clear_timeout;
}

caf::error refusal(const executor_state& state, const start_event& msg) {
  if (msg.timeout.count() < 0 || msg.timeout > state.options.max_timeout)
    return caf::make_error(errc::invalid_request, "timeout");
  if (state.history->knows(msg.event_id))
    return caf::make_error(errc::invalid_request, "event_id is not new");
  if (!state.history->has_room())
    return caf::make_error(
      errc::too_busy, std::to_string(state.running.size()) + " events run");
  return caf::none;
}

/// Lists the ranks that run, and those that have not come and so fail.
std::vector<rank_status> ranks_of(const records& workers) {
  std::vector<rank_status> result;
  for (const auto& worker : workers)
    result.push_back({.rank = worker.profile.id.rank});
  for (const auto rank : missing_ranks(workers))
    result.push_back({rank,
                      event_state::failed,
                      rank_code::missing,
                      "announced, but not registered",
                      {}});
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.rank < b.rank; });
  return result;
}

event_status start(self_pointer self, const start_event& msg,
                   const event_cast& cast) {
  auto& state = self->state;
  const auto& options = state.options;
  event_plan plan;
  plan.begun.event_id = msg.event_id;
  plan.begun.verb = msg.what.verb;
  plan.begun.instance = msg.instance;
  plan.begun.started_at_ms = options.now_ms();
  plan.begun.ranks = ranks_of(cast.workers);
  plan.begun.destination = msg.destination;
  plan.begun.from = msg.what.where;
  plan.begun.to = msg.what.to;
  plan.what = msg.what;
  plan.workers = cast.workers;
  plan.sources = cast.sources;
  plan.timeout = msg.timeout.count() > 0
                   ? msg.timeout
                   : default_timeout(options, msg.what.verb);
  plan.cancel_grace = options.cancel_grace;
  plan.correction_time = options.correction_time;
  plan.controller_id = options.controller_id;
  plan.boot_clock = options.boot_clock;
  plan.board = caf::actor_cast<event_board_actor>(self);
  plan.now_ms = options.now_ms;
  state.history->begin(plan.begun);
  options.on_change(msg.what.verb, event_state::running);
  state.running[msg.event_id].actor =
    self->spawn<caf::monitored>(control_event, plan);
  return plan.begun;
}

/// Lets an event that has ended wait for late answers, within a limit.
void keep_correctable(self_pointer self, control_event_actor event) {
  auto& events = self->state.correctable;
  events.push_back(std::move(event));
  if (events.size() <= self->state.options.limits.max_running)
    return;
  self->send_exit(events.front(), caf::exit_reason::user_shutdown);
  events.pop_front();
}

void take_news(self_pointer self, const event_status& news) {
  auto& state = self->state;
  if (news.corrected_at_ms != 0)
    spdlog::info("executor: corrected event={} state={}", news.event_id,
                 to_string(news.state));
  if (!state.history->update(news))
    return;
  state.options.on_change(news.verb, news.state);
  spdlog::info("executor: {} event={} instance={} operation={}",
               to_string(news.state), news.event_id, news.instance,
               to_string(news.verb));
  auto ended = state.running.extract(news.event_id);
  for (auto& [number, answer] : ended.mapped().waiters)
    answer.deliver(news);
  const auto is_unknown = [](const rank_status& x) {
    return x.state == event_state::unknown;
  };
  if (std::any_of(news.ranks.begin(), news.ranks.end(), is_unknown))
    keep_correctable(self, std::move(ended.mapped().actor));
}

/// An event that died without its last words has failed.
void note_death(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  std::erase_if(state.correctable,
                [&](const auto& x) { return x.address() == down.source; });
  const auto dead = std::find_if(
    state.running.begin(), state.running.end(),
    [&](const auto& x) { return x.second.actor.address() == down.source; });
  if (dead == state.running.end())
    return;
  const auto now_ms = state.options.now_ms();
  event_ledger ledger{*state.history->find(dead->first, now_ms)};
  ledger.lose_rest(rank_code::unexpected, "the event broke off");
  auto last = ledger.end(now_ms);
  last.state = event_state::failed;
  take_news(self, last);
}

/// Answers at the end of a running event, or after `patience` if that is not 0.
void answer_later(self_pointer self, const std::string& event_id,
                  std::chrono::milliseconds patience,
                  executor_state::promise answer) {
  auto& state = self->state;
  const auto waiter = ++state.last_waiter;
  state.running.at(event_id).waiters.emplace(waiter, std::move(answer));
  if (patience.count() > 0)
    self->delayed_send(self, patience, patience_over{waiter});
}

/// Searches, because thousands of timers outlive their events and must be
/// small.
void end_patience(executor_state& state, const patience_over& msg) {
  for (auto& [event_id, event] : state.running) {
    if (auto waiter = event.waiters.extract(msg.waiter)) {
      waiter.mapped().deliver(
        *state.history->find(event_id, state.options.now_ms()));
      return;
    }
  }
}

/// Begins the event with those of the `fleet` that take part.
void begin_with(self_pointer self, const records& fleet, const start_event& msg,
                executor_state::promise answer) {
  // Others may have begun meanwhile.
  auto error = refusal(self->state, msg);
  const auto cast = error ? caf::expected<event_cast>{std::move(error)}
                          : choose_cast(fleet, msg);
  if (!cast) {
    answer.deliver(cast.error());
    return;
  }
  auto begun = start(self, msg, *cast);
  // Who asks again might come after the event was forgotten.
  if (msg.patience.count() > 0)
    answer_later(self, msg.event_id, msg.patience, std::move(answer));
  else
    answer.deliver(std::move(begun));
}

caf::result<event_status> begin(self_pointer self, const start_event& msg) {
  auto& state = self->state;
  if (auto error = refusal(state, msg))
    return error;
  auto answer = self->make_response_promise<event_status>();
  self
    ->request(state.registry, state.options.registry_timeout,
              list_workers{.includes_lost = true})
    .then([=](const records& fleet) { begin_with(self, fleet, msg, answer); },
          [=](const caf::error& why) mutable {
            answer.deliver(why == caf::sec::request_timeout
                             ? caf::make_error(errc::timed_out, "the registry")
                             : why);
          });
  return answer;
}

caf::result<event_status> tell(self_pointer self, const await_event& msg) {
  auto& state = self->state;
  const auto* event = state.history->find(msg.event_id, state.options.now_ms());
  if (event == nullptr)
    return caf::make_error(errc::unknown_event, msg.event_id);
  if (event->state != event_state::running || msg.patience.count() <= 0 ||
      state.running.at(msg.event_id).waiters.size() >= max_waiters)
    return *event;
  auto answer = self->make_response_promise<event_status>();
  answer_later(self, msg.event_id, msg.patience, answer);
  return answer;
}

caf::result<event_status> cancel(self_pointer self, const cancel_event& msg) {
  auto& state = self->state;
  const auto* event = state.history->find(msg.event_id, state.options.now_ms());
  if (event == nullptr)
    return caf::make_error(errc::unknown_event, msg.event_id);
  if (event->state != event_state::running)
    return *event;
  self->send(state.running.at(msg.event_id).actor, end_early{});
  auto answer = self->make_response_promise<event_status>();
  answer_later(self, msg.event_id, std::chrono::milliseconds{0}, answer);
  return answer;
}

std::vector<event_status> list(executor_state& state, const list_events& msg) {
  return state.history->list(msg, state.options.now_ms());
}

}  // namespace

executor_impl::behavior_type executor(self_pointer self,
                                      registry_actor registry,
                                      executor_options options) {
  auto& state = self->state;
  state.registry = std::move(registry);
  state.options = std::move(options);
  state.history.emplace(state.options.limits);
  self->set_down_handler(
    [self](const caf::down_msg& down) { note_death(self, down); });
  return {
    [self](const start_event& msg) { return begin(self, msg); },
    [self](const await_event& msg) { return tell(self, msg); },
    [self](const cancel_event& msg) { return cancel(self, msg); },
    [self](const list_events& msg) { return list(self->state, msg); },
    [self](const event_status& news) { take_news(self, news); },
    [self](const patience_over& msg) { end_patience(self->state, msg); },
  };
}

}  // namespace kvc
