#include "config/parsing.hpp"
#include "config/sources.hpp"

namespace kvc {

source read_variables(const option_table& table,
                      const std::map<std::string, std::string>& environment) {
  source result;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(table.env_prefix) || value.empty())
      continue;
    const auto key = lower_case(name.substr(table.env_prefix.size()));
    if (find_option(table, key) || is_unsupported(table, key))
      result.values.push_back({key, name, YAML::Node{value}});
  }
  return result;
}

}  // namespace kvc
