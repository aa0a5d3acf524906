#pragma once

#include "config/source.hpp"

#include <string>

namespace kvc {

/// Parses YAML text of at most one document. Throws YAML::Exception.
YAML::Node parse_document(const std::string& text);

/// Reads a file of at most 1 MiB: one map, each key once.
source read_yaml_file(const std::string& path);

}  // namespace kvc
