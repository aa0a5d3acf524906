#pragma once

#include "config/command_line.hpp"
#include "config/controller_options.hpp"
#include "config/worker_options.hpp"

#include <map>
#include <string>
#include <vector>

namespace kvc {

/// What came of loading, beside the options.
struct load_report {
  /// Each begins with its file and line, its variable or its flag.
  std::vector<std::string> errors;
  std::vector<std::string> warnings;  ///< Worth a line of log each.
  std::string help;  ///< To be printed; empty without --help and --version.

  /// Where each setting that was given got its value: place by key.
  std::map<std::string, std::string> places;
};

/// A report and the options, which count only if there is neither an error nor
/// help.
template <class Options>
struct loaded : load_report {
  Options options;
};

/// Loads the file named by --config (else by the variable
/// KVC_WORKER_CONFIG_FILE or LMCACHE_CONFIG_FILE), then the variables
/// LMCACHE_*, then KVC_WORKER_*, then the flags. The later wins; what it
/// overrides is a warning at most, however wrong. Neither prints nor exits.
loaded<worker_options> load_worker_options(const command_line& line);

/// Does the same for a controller; its variables are LMCACHE_CONTROLLER_* and
/// KVC_CONTROLLER_*.
loaded<controller_options> load_controller_options(const command_line& line);

/// Returns the keys of the settings that differ.
std::vector<std::string> changed_keys(worker_options before,
                                      worker_options after);
std::vector<std::string> changed_keys(controller_options before,
                                      controller_options after);

}  // namespace kvc
