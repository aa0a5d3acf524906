#include "apps/kvc/event_table.hpp"

#include "apps/kvc/command.hpp"
#include "apps/kvc/follow.hpp"
#include "apps/kvc/printable.hpp"
#include "net/client/http_url.hpp"

#include <CLI/CLI.hpp>

#include <memory>

namespace kvc {

namespace {

using json = nlohmann::ordered_json;

struct events_arguments {
  std::string event_id;
  std::string state;
  std::string operation;
  std::uint32_t limit = 20;
};

struct wait_arguments {
  std::string event_id;
  std::optional<double> patience_seconds = {};
};

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

exit_code list(console& terminal, const events_arguments& arguments) {
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

}  // namespace

void add_events(CLI::App& app, command_action& action) {
  auto* command = app.add_subcommand(
    "events",
    "Lists what the controller does and has done, the newest first,\n"
    "or the ranks of one event. Exits with 1 if there is none.");
  auto arguments = std::make_shared<events_arguments>();
  auto* event = command->add_option("EVENT", arguments->event_id,
                                    "Only this event, with its ranks");
  command
    ->add_option("--state", arguments->state,
                 "Only those running, finished, failed or cancelled")
    ->check(CLI::IsMember({"running", "finished", "failed", "cancelled"}))
    ->excludes(event);
  command
    ->add_option("--operation", arguments->operation,
                 "Only health, clear, pin, unpin, compress or decompress")
    ->excludes(event);
  command->add_option("--limit", arguments->limit, "At most so many")
    ->check(CLI::Range(1, 1000))
    ->capture_default_str()
    ->excludes(event);
  command->callback([arguments, &action] {
    action = [arguments](console& terminal) {
      return list(terminal, *arguments);
    };
  });
}

void add_cancel(CLI::App& app, command_action& action) {
  auto* command =
    app.add_subcommand("cancel",
                       "Ends an event early; chunks already done stay done.\n"
                       "Exits with 1 if it has ended before.");
  auto event_id = std::make_shared<std::string>();
  command->add_option("EVENT", *event_id, "Its id")->required();
  command->callback([event_id, &action] {
    action = [event_id](console& terminal) {
      return terminal.ask({"/cancel", {{{"event_id", *event_id}}}},
                          judge_cancellation);
    };
  });
}

void add_wait(CLI::App& app, command_action& action) {
  auto* command =
    app.add_subcommand("wait",
                       "Waits for the end of an event and shows its ranks.\n"
                       "Exits with 5 if it did not finish.");
  auto arguments = std::make_shared<wait_arguments>();
  command->add_option("EVENT", arguments->event_id, "Its id")->required();
  command
    ->add_option("--for", arguments->patience_seconds,
                 "Seconds to wait at most; then exits with 6")
    ->check(CLI::Range(0.0, 86'400.0 * 365));
  command->callback([arguments, &action] {
    action = [arguments](console& terminal) {
      std::optional<std::chrono::milliseconds> patience;
      if (const auto& seconds = arguments->patience_seconds)
        patience.emplace(static_cast<std::int64_t>(*seconds * 1000));
      return follow(terminal, arguments->event_id, patience);
    };
  });
}

}  // namespace kvc
