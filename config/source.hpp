#pragma once

#include <yaml-cpp/yaml.h>

#include <string>
#include <vector>

namespace kvc {

/// A value as it was found.
struct given_value {
  std::string key;    ///< Of an option, an alias, or unknown.
  std::string place;  ///< "w.yaml:7: chunk_size", "--chunk-size".
  YAML::Node value;
};

/// What one file, the environment or the command line says.
struct source {
  std::vector<given_value> values;
  std::vector<std::string> errors;
};

}  // namespace kvc
