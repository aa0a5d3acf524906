#include "actors/events/executor.hpp"

#include "actors/events/event_cast.hpp"
#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace kvc {

namespace {

using self_pointer = executor_impl::stateful_pointer<executor_state>;
using records = std::vector<worker_record>;

std::chrono::milliseconds default_timeout(const executor_options& options,
                                          operation what) {
  switch (what) {  // No default, so that -Wswitch reports a missing case.
    case operation::health:
      return options.health_timeout;
    case operation::clear:
      return options.clear_timeout;
    case operation::pin:
    case operation::unpin:
      return options.pin_timeout;
    case operation::compress:
    case operation::decompress:
      return options.compress_timeout;
    case operation::move:
      return options.move_timeout;
  }
  return options.clear_timeout;
}

caf::error refusal(const executor_state& state, const start_event& msg,
                   const executor_options& options) {
  if (msg.timeout.count() < 0 || msg.timeout > options.max_timeout)
    return caf::make_error(errc::invalid_request, "timeout");
  if (state.history->knows(msg.event_id))
    return caf::make_error(errc::invalid_request, "event_id is not new");
  if (!state.history->has_room())
    return caf::make_error(
      errc::too_busy, std::to_string(state.running.size()) + " events run");
  return caf::none;
}

/// Lists the ranks that run, and those that have never come and so fail.
std::vector<rank_status> ranks_of(const records& workers, operation what) {
  std::vector<rank_status> result;
  std::uint32_t count = 0;
  for (const auto& worker : workers) {
    result.push_back({.rank = worker.profile.id.rank});
    count = std::max(count, worker.profile.rank_count);
  }
  const auto is_listed = [&](std::uint32_t rank) {
    return std::any_of(workers.begin(), workers.end(), [rank](const auto& x) {
      return x.profile.id.rank == rank;
    });
  };
  for (std::uint32_t rank = 0; what != operation::health && rank < count;
       ++rank)
    if (!is_listed(rank))
      result.push_back(
        {rank, event_state::failed, rank_code::lost, "not registered", {}});
  std::sort(result.begin(), result.end(),
            [](const auto& a, const auto& b) { return a.rank < b.rank; });
  return result;
}

event_status start(self_pointer self, const executor_options& options,
                   const start_event& msg, const event_cast& cast) {
  event_plan plan;
  plan.begun.event_id = msg.event_id;
  plan.begun.verb = msg.what.verb;
  plan.begun.instance = msg.instance;
  plan.begun.started_at_ms = options.now_ms();
  plan.begun.ranks = ranks_of(cast.workers, msg.what.verb);
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
  plan.board = caf::actor_cast<event_board_actor>(self);
  plan.now_ms = options.now_ms;
  self->state.history->begin(plan.begun);
  options.on_change(msg.what.verb, event_state::running);
  auto event = self->spawn<caf::monitored>(control_event, plan);
  self->state.running.emplace(msg.event_id, std::move(event));
  return plan.begun;
}

void take_news(executor_state& state, const executor_options& options,
               const event_status& news) {
  if (!state.history->update(news))
    return;
  options.on_change(news.verb, news.state);
  state.running.erase(news.event_id);
  spdlog::info("executor: {} event={} instance={} operation={}",
               to_string(news.state), news.event_id, news.instance,
               to_string(news.verb));
  for (auto it = state.waiters.begin(); it != state.waiters.end();) {
    if (it->second.event_id != news.event_id) {
      ++it;
      continue;
    }
    it->second.answer.deliver(news);
    it = state.waiters.erase(it);
  }
}

/// An event that died without its last words has failed.
void note_death(executor_state& state, const executor_options& options,
                const caf::down_msg& down) {
  const auto dead = std::find_if(
    state.running.begin(), state.running.end(),
    [&](const auto& x) { return x.second.address() == down.source; });
  if (dead == state.running.end())
    return;
  const auto event_id = dead->first;
  event_ledger ledger{*state.history->find(event_id, options.now_ms())};
  ledger.fail_rest(rank_code::unexpected, "the event broke off");
  auto last = ledger.end(options.now_ms());
  last.state = event_state::failed;
  take_news(state, options, last);
}

/// Answers at the event's end, or after `patience` if that is not 0.
void answer_later(self_pointer self, const std::string& event_id,
                  std::chrono::milliseconds patience,
                  caf::typed_response_promise<event_status> answer) {
  auto& state = self->state;
  state.waiters.emplace(++state.last_waiter,
                        executor_state::waiter{event_id, std::move(answer)});
  if (patience.count() > 0)
    self->delayed_send(self, patience, patience_over{state.last_waiter});
}

caf::result<event_status> wait_for(self_pointer self,
                                   const std::string& event_id,
                                   std::chrono::milliseconds patience) {
  auto answer = self->make_response_promise<event_status>();
  answer_later(self, event_id, patience, answer);
  return answer;
}

void end_patience(self_pointer self, const executor_options& options,
                  const patience_over& msg) {
  auto& state = self->state;
  const auto found = state.waiters.find(msg.waiter);
  if (found == state.waiters.end())
    return;
  if (const auto* event =
        state.history->find(found->second.event_id, options.now_ms()))
    found->second.answer.deliver(*event);
  state.waiters.erase(found);
}

caf::result<event_status> begin(self_pointer self,
                                const registry_actor& registry,
                                const executor_options& options,
                                const start_event& msg) {
  if (auto error = refusal(self->state, msg, options))
    return error;
  auto answer = self->make_response_promise<event_status>();
  self
    ->request(registry, options.registry_timeout,
              list_workers{.includes_lost = true})
    .then(
      [=](const records& fleet) mutable {
        // Others may have begun meanwhile.
        auto error = refusal(self->state, msg, options);
        const auto cast = error ? caf::expected<event_cast>{std::move(error)}
                                : choose_cast(fleet, msg);
        if (!cast) {
          answer.deliver(cast.error());
          return;
        }
        auto begun = start(self, options, msg, *cast);
        // Who asks again might come after the event was forgotten.
        if (msg.patience.count() > 0)
          answer_later(self, msg.event_id, msg.patience, answer);
        else
          answer.deliver(std::move(begun));
      },
      [=](const caf::error& why) mutable {
        answer.deliver(why == caf::sec::request_timeout
                         ? caf::make_error(errc::timed_out, "the registry")
                         : why);
      });
  return answer;
}

}  // namespace

executor_impl::behavior_type executor(self_pointer self,
                                      const registry_actor& registry,
                                      const executor_options& options) {
  self->state.history.emplace(options.limits);
  self->set_down_handler([self, options](const caf::down_msg& down) {
    note_death(self->state, options, down);
  });
  const auto unknown = [](const std::string& event_id) {
    return caf::make_error(errc::unknown_event, event_id);
  };
  return {
    [=](const start_event& msg) { return begin(self, registry, options, msg); },
    [=](const await_event& msg) -> caf::result<event_status> {
      const auto* event =
        self->state.history->find(msg.event_id, options.now_ms());
      if (event == nullptr)
        return unknown(msg.event_id);
      if (event->state != event_state::running || msg.patience.count() <= 0)
        return *event;
      return wait_for(self, msg.event_id, msg.patience);
    },
    [=](const cancel_event& msg) -> caf::result<event_status> {
      const auto* event =
        self->state.history->find(msg.event_id, options.now_ms());
      if (event == nullptr)
        return unknown(msg.event_id);
      if (event->state != event_state::running)
        return *event;
      self->send(self->state.running.at(msg.event_id), end_early{});
      return wait_for(self, msg.event_id, std::chrono::milliseconds{0});
    },
    [=](const list_events& msg) {
      return self->state.history->list(msg, options.now_ms());
    },
    [=](const event_status& news) { take_news(self->state, options, news); },
    [=](const patience_over& msg) { end_patience(self, options, msg); },
  };
}

}  // namespace kvc
