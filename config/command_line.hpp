#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace kvc {

/// A flag that only one program has. Files and variables cannot give it.
struct extra_flag {
  std::string name;        ///< As typed, without the dashes: "chunk-bytes".
  std::string value_name;  ///< For the help: "BYTES"; empty for a switch.
  std::string help;

  /// Takes the value, which is empty for a switch. Returns "" if the value is
  /// right, else what would have been right: "expected a number".
  std::function<std::string(const std::string&)> set;
};

/// Makes a flag without a value; it sets `target` to true. The targets of all
/// three must live until the command line is loaded.
extra_flag switch_flag(std::string name, bool& target, std::string help);

/// Makes a flag whose value is any text.
extra_flag text_flag(std::string name, std::string value_name,
                     std::string& target, std::string help);

/// The smallest and the largest number that a setting takes.
struct number_range {
  std::uint64_t min = 0;
  std::uint64_t max = UINT64_MAX;
};

/// Makes a flag whose value is an integer within `range`.
extra_flag number_flag(std::string name, std::uint64_t& target,
                       number_range range, std::string help);

/// All that a program was started with.
struct command_line {
  std::string program;                 ///< Its name, for the help.
  std::string summary;                 ///< What it does, for the help.
  std::string version;                 ///< What --version prints.
  std::vector<std::string> arguments;  ///< Without the program's own path.
  std::map<std::string, std::string> environment;
  std::vector<extra_flag> flags;
};

/// Returns what `main` was given, and this process's environment.
command_line read_command_line(int argc, const char* const* argv);

}  // namespace kvc
