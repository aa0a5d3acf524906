#pragma once

#include "config/load.hpp"
#include "config/option.hpp"

#include <map>
#include <string>
#include <vector>

namespace kvc {

/// A value as it was found.
struct given_value {
  std::string key;    ///< Possibly an alias, or unknown.
  std::string place;  ///< "w.yaml:7: chunk_size", "--chunk-size".
  YAML::Node value;
};

/// What one file, the environment or the command line says.
struct source {
  std::vector<given_value> values;
  std::vector<std::string> errors;
};

/// Reads a file of at most 1 MiB: one map, each key once.
source read_yaml_file(const std::string& path);

/// Reads the variables of the table's keys. Empty ones count as not set.
source read_variables(const option_table& table,
                      const std::map<std::string, std::string>& environment);

/// What the command line says.
struct parsed_flags {
  source given;
  std::string config_path;  ///< Empty without --config.
  std::string help;         ///< Empty without --help.
};

/// Reads the arguments, and hands the program's own flags to their owners.
parsed_flags parse_flags(const option_table& table, const command_line& line);

}  // namespace kvc
