#include "actors/controller/health_check.hpp"

#include "messages/errors.hpp"

#include <algorithm>

namespace kvc {

namespace {

using self_pointer = health_check_actor::stateful_pointer<health_check_state>;

// The HTTP API's codes for ranks that did not give one themselves.
constexpr std::int32_t worker_failed = -1001;
constexpr std::int32_t unexpected_answer = -1002;
constexpr std::int32_t no_answer_in_time = -1004;
constexpr std::int32_t connection_lost = -1005;

std::int32_t code_for(const caf::error& why) {
  if (why == caf::sec::request_timeout)
    return no_answer_in_time;
  if (why == caf::sec::request_receiver_down)
    return connection_lost;
  if (why == caf::sec::unexpected_response)
    return unexpected_answer;
  return worker_failed;
}

/// Notes a rank's answer, the first one only: a rank that dies is both down
/// and silent. After the last one, reports and ends.
void note(self_pointer self, rank_health answer) {
  auto& state = self->state;
  const auto is_same = [&](const rank_health& x) {
    return x.rank == answer.rank;
  };
  auto& noted = state.report.ranks;
  if (std::any_of(noted.begin(), noted.end(), is_same))
    return;
  noted.push_back(std::move(answer));
  if (--state.pending > 0)
    return;
  std::sort(noted.begin(), noted.end(),
            [](const auto& a, const auto& b) { return a.rank < b.rank; });
  state.answer.deliver(std::move(state.report));
  self->quit();
}

void ask(self_pointer self, const worker_record& target,
         std::chrono::milliseconds timeout) {
  const auto rank = target.profile.id.rank;
  self->request(target.actor, timeout, get_health{})
    .then(
      [=](health& answer) {
        note(self, {rank, answer.code, std::move(answer.detail)});
      },
      [=](const caf::error& why) {
        note(self, {rank, code_for(why), describe(why)});
      });
  self->monitor(target.actor);
}

}  // namespace

health_check_actor::behavior_type health_check(
  self_pointer self, const std::vector<worker_record>& ranks,
  std::chrono::milliseconds timeout) {
  self->set_down_handler([self, ranks](const caf::down_msg& down) {
    for (const auto& target : ranks) {
      if (target.actor.address() == down.source)
        note(self, {target.profile.id.rank, connection_lost,
                    "the worker's process or link is gone"});
    }
  });
  return {
    [=](const check_health& msg) -> caf::result<health_report> {
      if (ranks.empty()) {
        self->quit();
        return caf::make_error(errc::unknown_instance, msg.instance);
      }
      self->state.answer = self->make_response_promise<health_report>();
      auto answer = self->state.answer;
      self->state.pending = ranks.size();
      for (const auto& target : ranks)
        ask(self, target, timeout);
      return answer;
    },
  };
}

}  // namespace kvc
