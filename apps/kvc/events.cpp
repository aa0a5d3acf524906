#include "apps/kvc/event_table.hpp"

#include "apps/kvc/commands.hpp"
#include "apps/kvc/follow.hpp"
#include "apps/kvc/printable.hpp"
#include "net/client/http_url.hpp"

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

verdict judge_events(const json& answer) {
  const auto& events = answer.at("events");
  if (events.empty())
    return {exit_code::nothing, {}, "no such events"};
  return {exit_code::ok, render_events(events), {}};
}

/// The event has been looked up, so that there is nothing to complain about.
verdict describe_event(const json& event) {
  return {exit_code::ok, render_event(event), {}};
}

verdict judge_cancellation(const json& event) {
  const auto state = event.at("status").get<std::string>();
  if (state == "cancelled")
    return {exit_code::ok, render_event(event), {}};
  return {exit_code::nothing, render_event(event),
          "nothing to cancel, the event has ended before: " + state};
}

}  // namespace

exit_code show_events(console& terminal, const events_arguments& arguments) {
  if (!arguments.event_id.empty())
    return terminal.ask({"/check_finish", {{{"event_id", arguments.event_id}}}},
                        describe_event);
  auto target = "/events?limit=" + std::to_string(arguments.limit);
  if (!arguments.state.empty())
    target += "&status=" + percent_encode(arguments.state);
  if (!arguments.operation.empty())
    target += "&operation=" + percent_encode(arguments.operation);
  return terminal.ask({target}, judge_events);
}

exit_code end_event(console& terminal, const cancel_arguments& arguments) {
  return terminal.ask({"/cancel", {{{"event_id", arguments.event_id}}}},
                      judge_cancellation);
}

exit_code wait_for_event(console& terminal, const wait_arguments& arguments) {
  std::optional<std::chrono::milliseconds> patience;
  if (const auto& seconds = arguments.patience_seconds)
    patience.emplace(static_cast<std::int64_t>(*seconds * 1000));
  return follow(terminal, arguments.event_id, patience);
}

}  // namespace kvc
