#pragma once

#include "apps/kvc/console.hpp"

#include <functional>

namespace CLI {  // NOLINT(readability-identifier-naming): not ours.
class App;
}

namespace kvc {

/// Does what the command line asks for.
using command_action = std::function<exit_code(console&)>;

// Each adds a command to `app`, add_controls one for each operation on chunks;
// if the command line has it, parsing sets `action`. A new command is a file of
// its own and an entry in main.cpp.
void add_cancel(CLI::App& app, command_action& action);
void add_controls(CLI::App& app, command_action& action);
void add_events(CLI::App& app, command_action& action);
void add_health(CLI::App& app, command_action& action);
void add_lookup(CLI::App& app, command_action& action);
void add_move(CLI::App& app, command_action& action);
void add_wait(CLI::App& app, command_action& action);
void add_workers(CLI::App& app, command_action& action);

}  // namespace kvc
