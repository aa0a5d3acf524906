#include "actors/commands/command_desk.hpp"

#include "actors/commands/command_run.hpp"
#include "messages/errors.hpp"

#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>

namespace kvc {

namespace {

caf::error objection(const run_command& order, const rank& here) {
  if (order.id != here.id())
    return caf::make_error(
      errc::unknown_worker,
      to_string(order.id) + ", this is " + to_string(here.id()));
  if (order.timeout.count() <= 0)
    return caf::make_error(errc::invalid_request, "a command without a time");
  return here.check(order.terms);
}

}  // namespace

caf::result<command_result> command_desk::run(
  caf::scheduled_actor* self, const rank& here,
  const std::vector<reporter_actor>& reporters, const run_command& order) {
  if (auto error = objection(order, here))
    return error;
  if (runs_.contains(order.event_id))
    return caf::make_error(errc::invalid_request,
                           "runs already: " + order.event_id);
  if (runs_.size() >= max_commands)
    return caf::make_error(errc::too_busy,
                           std::to_string(runs_.size()) + " commands run");
  const auto me =
    caf::actor_cast<worker_actor>(caf::strong_actor_ptr{self->ctrl()});
  const auto run = caf::actor_cast<worker_actor>(
    self->spawn(command_run, std::cref(here), reporters, me));
  self->monitor(run);
  runs_.emplace(order.event_id, run);
  auto answer = self->make_response_promise<command_result>();
  answer.delegate(run, order);
  return answer;
}

void command_desk::cancel(const cancel_command& order) const {
  const auto found = runs_.find(order.event_id);
  if (found != runs_.end())
    caf::anon_send(found->second, order);
}

bool command_desk::forget(const caf::actor_addr& source) {
  const auto found =
    std::find_if(runs_.begin(), runs_.end(),
                 [&](const auto& x) { return x.second.address() == source; });
  if (found == runs_.end())
    return false;
  runs_.erase(found);
  return true;
}

}  // namespace kvc
