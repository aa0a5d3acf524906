#pragma once

#include "config/load.hpp"
#include "config/option.hpp"

#include <map>
#include <string>

namespace kvc {

/// What came of loading a table.
struct load_outcome {
  load_report report;

  /// Where each key that has a value got it, by the key's own name.
  std::map<std::string, std::string> places;
};

/// Sets the members behind `table` from all sources, in rising precedence.
load_outcome load_table(const option_table& table, const command_line& line);

}  // namespace kvc
