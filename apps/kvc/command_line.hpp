#pragma once

#include "apps/kvc/console.hpp"

#include <functional>
#include <optional>
#include <string>

namespace kvc {

/// What the command line asks for.
struct command_line {
  std::string url = "http://localhost:9000";
  double timeout_seconds = 30;
  bool as_json = false;

  /// Does it. Nothing if help was asked for, which has been shown.
  std::function<exit_code(console&)> action;
};

/// Reads the command line. If it makes no sense, says why and returns nothing.
std::optional<command_line> parse_command_line(int argc, char** argv);

}  // namespace kvc
