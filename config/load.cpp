#include "config/load.hpp"

#include "config/flags.hpp"
#include "config/option.hpp"
#include "config/values.hpp"
#include "config/yaml_file.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kvc {

namespace {

/// Reads the variables of the table's keys. Empty ones count as not set.
source read_variables(const option_table& table,
                      const std::map<std::string, std::string>& environment) {
  source result;
  for (const auto& [name, value] : environment) {
    if (!name.starts_with(table.variable_prefix) || value.empty())
      continue;
    const auto key = lower_case(name.substr(table.variable_prefix.size()));
    if (table.find(key) != nullptr || table.is_unsupported(key))
      result.values.push_back({key, name, YAML::Node{value}});
  }
  return result;
}

class loader {
 public:
  explicit loader(const option_table& table) : table_(table) {}

  /// Sets what `from` says, over what is set already.
  void apply(const source& from) {
    auto& errors = report_.errors;
    errors.insert(errors.end(), from.errors.begin(), from.errors.end());
    std::vector<std::string> wrong(from.values.size());
    for (std::size_t i = 0; i < from.values.size(); ++i)
      wrong[i] = check_key(from.values[i].key);
    for (const auto& entry : table_.options)
      apply_option(entry, from.values, wrong);
    for (std::size_t i = 0; i < from.values.size(); ++i)
      if (!wrong[i].empty())
        errors.push_back(from.values[i].place + ": " + wrong[i]);
  }

  load_report finish() {
    std::string list;
    for (const auto& key : unsupported_)
      list += (list.empty() ? "" : ", ") + key;
    if (!list.empty())
      report_.warnings.push_back(
        "settings of LMCache that have no effect here yet: " + list);
    if (table_.check)
      table_.check(report_);
    return std::move(report_);
  }

 private:
  /// Returns what is wrong with a key that the table does not have.
  std::string check_key(const std::string& key) {
    if (table_.find(key) != nullptr)
      return {};
    if (!table_.is_unsupported(key))
      return "unknown key, the nearest is " + table_.nearest_to(key);
    if (std::find(unsupported_.begin(), unsupported_.end(), key) ==
        unsupported_.end())
      unsupported_.push_back(key);
    return {};
  }

  /// Sets an option to each value that is given for it. All must agree.
  void apply_option(const option& entry, const std::vector<given_value>& values,
                    std::vector<std::string>& wrong) {
    const given_value* earlier = nullptr;
    std::string earlier_text;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i].value.IsNull() || table_.find(values[i].key) != &entry)
        continue;
      wrong[i] = set(entry, values[i]);
      if (!wrong[i].empty())
        continue;
      if (earlier && earlier_text != entry.target.show())
        wrong[i] = "differs from " + earlier->place;
      earlier = &values[i];
      earlier_text = entry.target.show();
    }
  }

  /// Returns what is wrong with the value.
  std::string set(const option& entry, const given_value& given) {
    report_.places[entry.key] = given.place;
    try {
      entry.target.set(given.value);
      return {};
    } catch (const invalid_value& wrong) {
      return wrong.expected + ", got " +
             (wrong.got.empty() ? described(given.value) : wrong.got);
    }
  }

  const option_table& table_;
  load_report report_;
  std::vector<std::string> unsupported_;  ///< Each once, in their order.
};

/// Sets the variables behind `table`.
load_report load_table(const option_table& table, const command_line& line) {
  auto flags = parse_flags(table, line);
  if (!flags.help.empty())
    return {{}, {}, std::move(flags.help), {}};
  const auto variable =
    line.environment.find(table.variable_prefix + "CONFIG_FILE");
  if (flags.config_path.empty() && variable != line.environment.end())
    flags.config_path = variable->second;
  loader loading{table};
  if (!flags.config_path.empty())
    loading.apply(read_yaml_file(flags.config_path));
  loading.apply(read_variables(table, line.environment));
  loading.apply(flags.given);
  return loading.finish();
}

template <class Options>
loaded<Options> load(const command_line& line) {
  loaded<Options> result;
  static_cast<load_report&>(result) =
    load_table(table_of(result.options), line);
  return result;
}

}  // namespace

loaded<worker_options> load_worker_options(const command_line& line) {
  return load<worker_options>(line);
}

loaded<controller_options> load_controller_options(const command_line& line) {
  return load<controller_options>(line);
}

}  // namespace kvc
