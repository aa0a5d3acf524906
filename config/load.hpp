#pragma once

#include "config/controller_options.hpp"
#include "config/worker_options.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace kvc {

/// A flag of one program, beside those of its keys.
struct extra_flag {
  std::string name;        ///< As typed, without the dashes: "chunk-bytes".
  std::string value_name;  ///< For the help: "BYTES"; empty for a switch.
  std::string help;

  /// Takes the value, "" for a switch. Returns what would have been right,
  /// "expected a number", or "" if the value is.
  std::function<std::string(const std::string&)> set;
};

/// Makes a switch that sets `target`, which must outlive the loading.
extra_flag switch_flag(std::string name, bool& target, std::string help);

/// Makes a flag that takes any text.
extra_flag text_flag(std::string name, std::string value_name,
                     std::string& target, std::string help);

/// The smallest and the largest number that a flag takes.
struct number_range {
  std::uint64_t min = 0;
  std::uint64_t max = UINT64_MAX;
};

/// Makes a flag that takes an integer within `range`.
extra_flag number_flag(std::string name, std::uint64_t& target,
                       number_range range, std::string help);

/// All that a program was started with.
struct command_line {
  std::string program;                 ///< Its name, for the help.
  std::string summary;                 ///< What it does, for the help.
  std::vector<std::string> arguments;  ///< Without the program's own path.
  std::map<std::string, std::string> environment;
  std::vector<extra_flag> flags;
};

/// Returns what `main` was given, and this process's environment.
command_line read_command_line(int argc, const char* const* argv);

/// What came of loading, besides the options.
struct load_report {
  /// Each with its file and line, variable or flag.
  std::vector<std::string> errors;
  /// Worth a line of log each.
  std::vector<std::string> warnings;
  /// What to print, if --help was given.
  std::string help;
};

/// Options, of use only if the report has neither errors nor help.
template <class Options>
struct loaded : load_report {
  Options options;
};

/// Loads the file given with --config (or LMCACHE_CONFIG_FILE), then
/// `LMCACHE_*`, then the flags; the later wins. Neither prints nor exits.
loaded<worker_options> load_worker_options(const command_line& line);

/// As load_worker_options, with LMCACHE_CONTROLLER_*.
loaded<controller_options> load_controller_options(const command_line& line);

}  // namespace kvc
