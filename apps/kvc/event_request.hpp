#pragma once

#include "apps/kvc/console.hpp"
#include "apps/kvc/prompt_source.hpp"

#include <caf/expected.hpp>
#include <nlohmann/json.hpp>

#include <optional>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours.
class App;
}  // namespace CLI

namespace kvc {

/// What all commands that begin an event on chunks have in common.
struct event_arguments {
  prompt_source source;
  std::optional<double> timeout_seconds = {};
  bool wants_id_only = false;
};

/// Adds the options for them. Returns the group of those for a prompt.
CLI::App* add_event_options(CLI::App& command, event_arguments& arguments);

/// Adds an option for a location, of which "cpu" and "disk" are short names.
void add_location(CLI::App& command, const std::string& name,
                  std::string& chosen, const std::string& help);

/// Adds what the arguments say to a request's body. Fails if the prompt cannot
/// be read.
caf::error add_event_fields(nlohmann::json& body,
                            const event_arguments& arguments);

/// Begins the event and, unless only its id is wanted, follows it to its end.
exit_code run_event(console& terminal, const std::string& route,
                    nlohmann::json body, bool wants_id_only);

}  // namespace kvc
