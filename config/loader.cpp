#include "config/loader.hpp"

#include "config/sources.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kvc {

namespace {

class table_loader {
 public:
  explicit table_loader(const option_table& table) : table_(table) {}

  /// Sets what `from` says, over what is set already.
  void apply(const source& from) {
    auto& errors = outcome_.report.errors;
    errors.insert(errors.end(), from.errors.begin(), from.errors.end());
    std::vector<std::string> wrong(from.values.size());
    for (std::size_t i = 0; i < from.values.size(); ++i)
      wrong[i] = check_key(from.values[i]);
    // In the table's order: a later option may override an earlier one.
    for (const auto& entry : table_.options)
      apply_option(entry, from.values, wrong);
    for (auto& text : wrong)
      if (!text.empty())
        errors.push_back(std::move(text));
  }

  load_outcome finish() {
    std::string warning;
    for (const auto& key : unsupported_)
      warning += (warning.empty() ? "" : ", ") + key;
    if (!warning.empty())
      outcome_.report.warnings.push_back(
        "settings of LMCache that have no effect here yet: " + warning);
    return std::move(outcome_);
  }

 private:
  /// Returns what is wrong with a key that the table does not have.
  std::string check_key(const given_value& given) {
    if (find_option(table_, given.key))
      return {};
    if (!is_unsupported(table_, given.key))
      return given.place + ": unknown key, the nearest is " +
             nearest_key(table_, given.key);
    if (std::find(unsupported_.begin(), unsupported_.end(), given.key) ==
        unsupported_.end())
      unsupported_.push_back(given.key);
    return {};
  }

  void apply_option(const option& entry, const std::vector<given_value>& values,
                    std::vector<std::string>& wrong) {
    const given_value* earlier = nullptr;
    std::string earlier_text;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i].value.IsNull() ||
          find_option(table_, values[i].key) != &entry)
        continue;
      wrong[i] = set(entry, values[i]);
      if (!wrong[i].empty())
        continue;
      if (earlier && earlier_text != entry.target.show())
        wrong[i] = values[i].place + ": differs from " + earlier->place;
      earlier = &values[i];
      earlier_text = entry.target.show();
    }
  }

  /// Returns what is wrong with the value.
  std::string set(const option& entry, const given_value& given) {
    outcome_.places[entry.key] = given.place;
    try {
      entry.target.set(given.value);
      return {};
    } catch (const invalid_value& wrong) {
      return given.place + ": " + wrong.expected + ", got " +
             (wrong.got.empty() ? described(given.value) : wrong.got);
    }
  }

  const option_table& table_;
  load_outcome outcome_;
  std::vector<std::string> unsupported_;  ///< Each once, in their order.
};

}  // namespace

load_outcome load_table(const option_table& table, const command_line& line) {
  auto flags = parse_flags(table, line);
  if (!flags.help.empty())
    return {{{}, {}, std::move(flags.help)}, {}};
  if (flags.config_path.empty()) {
    const auto variable =
      line.environment.find(table.env_prefix + "CONFIG_FILE");
    if (variable != line.environment.end())
      flags.config_path = variable->second;
  }
  table_loader loader{table};
  if (!flags.config_path.empty())
    loader.apply(read_yaml_file(flags.config_path));
  loader.apply(read_variables(table, line.environment));
  loader.apply(flags.given);
  return loader.finish();
}

}  // namespace kvc
