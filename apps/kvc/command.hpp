#pragma once

#include "apps/kvc/console.hpp"

#include <functional>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours.
class App;
}

namespace kvc {

/// Does what the command line asks for.
using command_action = std::function<exit_code(console&)>;

// Each adds one command to `app`; if the command line has it, parsing sets
// `action`. A new command is a file of its own and an entry in main.cpp.
void add_health(CLI::App& app, command_action& action);
void add_lookup(CLI::App& app, command_action& action);
void add_workers(CLI::App& app, command_action& action);

}  // namespace kvc
