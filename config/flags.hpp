#pragma once

#include "config/command_line.hpp"
#include "config/option.hpp"
#include "config/source.hpp"

#include <string>

namespace kvc {

/// What the command line says.
struct parsed_flags {
  source given;
  std::string config_path;  ///< Empty without --config.
  std::string help;         ///< Empty without --help and --version.
};

/// Reads the arguments. Calls `set` of the program's own flags; returns all
/// others.
parsed_flags parse_flags(const option_table& table, const command_line& line);

}  // namespace kvc
