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

using environment = std::map<std::string, std::string>;

/// Returns what a variable says without the blanks and quotes that LMCache
/// removes as well: files that Docker reads keep them.
std::string unquoted(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos)
    return {};
  text = text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
  const char first = text.front();
  if (text.size() >= 2 && (first == '"' || first == '\'') &&
      text.back() == first)
    text = text.substr(1, text.size() - 2);
  return std::string{text};
}

/// Returns whether Kubernetes has set this variable, as it does in all
/// containers for each of their services: X_PORT=tcp://10.96.0.7:9000.
bool is_service_link(std::string_view name, std::string_view value) {
  const auto scheme = value.find("://");
  const auto protocol = value.substr(0, scheme);
  return name.ends_with("_PORT") && scheme != std::string_view::npos &&
         (protocol == "tcp" || protocol == "udp" || protocol == "sctp");
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names)
    list += (list.empty() ? "" : ", ") + name;
  return list;
}

class loader {
 public:
  explicit loader(const option_table& table) : table_(table) {}

  /// Adds a source; it is stronger than those before.
  void add(source from) {
    for (const auto& given : from.values) {
      const auto* entry = table_.find(given.key);
      if (entry != nullptr && !given.value.IsNull())
        strongest_[variable_of(*entry)] = {sources_.size(), given.place};
    }
    sources_.push_back(std::move(from));
  }

  /// Adds the variables of the table's keys. Empty ones count as not set.
  void add_variables(const environment& all, const std::string& prefix) {
    source from;
    for (const auto& [name, value] : all) {
      if (!name.starts_with(prefix) || unquoted(value).empty())
        continue;
      const auto key = lower_case(name.substr(prefix.size()));
      if (table_.find(key) == nullptr && !table_.is_unsupported(key))
        continue;
      if (is_service_link(name, value))
        service_links_.push_back(name);
      else
        from.values.push_back({key, name, YAML::Node{unquoted(value)}});
    }
    add(std::move(from));
  }

  load_report finish() {
    for (std::size_t i = 0; i < sources_.size(); ++i)
      apply(i);
    if (!service_links_.empty())
      report_.warnings.push_back("links to services of Kubernetes, ignored: " +
                                 joined(service_links_));
    if (!unsupported_.empty())
      report_.warnings.push_back(
        "settings of LMCache that have no effect here yet: " +
        joined(unsupported_));
    if (table_.check)
      table_.check(report_);
    return std::move(report_);
  }

 private:
  /// Where the value that counts was found.
  struct origin {
    std::size_t source = 0;
    std::string place;
  };

  static const std::string& variable_of(const option& entry) {
    return entry.same_as.empty() ? entry.key : entry.same_as;
  }

  /// Sets what a source says, over what is set already.
  void apply(std::size_t index) {
    const auto& [values, errors] = sources_[index];
    report_.errors.insert(report_.errors.end(), errors.begin(), errors.end());
    std::vector<std::string> wrong(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      wrong[i] = check_key(values[i].key);
    for (const auto& entry : table_.options)
      apply_option(entry, values, wrong);
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!wrong[i].empty())
        complain(index, values[i], wrong[i]);
  }

  /// Adds an error, or a warning if a later source has the last word.
  void complain(std::size_t index, const given_value& about,
                const std::string& what) {
    const auto text = about.place + ": " + what;
    const auto* entry = table_.find(about.key);
    const auto* last = entry ? &strongest_[variable_of(*entry)] : nullptr;
    if (last != nullptr && last->source > index)
      report_.warnings.push_back(text + "; " + last->place + " counts");
    else
      report_.errors.push_back(text);
  }

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
  std::vector<source> sources_;              ///< The later wins.
  std::map<std::string, origin> strongest_;  ///< By the key of the variable.
  std::vector<std::string> service_links_;
  load_report report_;
  std::vector<std::string> unsupported_;  ///< Each once, in their order.
};

/// Returns the path of the file to load; empty if there is none.
std::string config_path(const option_table& table, const command_line& line,
                        const std::string& given) {
  if (!given.empty())
    return given;
  std::string path;
  for (const auto& prefix : table.variable_prefixes) {
    const auto variable = line.environment.find(prefix + "CONFIG_FILE");
    if (variable != line.environment.end() && !variable->second.empty())
      path = variable->second;
  }
  return path;
}

/// Sets the variables behind `table`.
load_report load_table(const option_table& table, const command_line& line) {
  auto flags = parse_flags(table, line);
  if (!flags.help.empty())
    return {{}, {}, std::move(flags.help), {}};
  const auto path = config_path(table, line, flags.config_path);
  loader loading{table};
  if (!path.empty())
    loading.add(read_yaml_file(path));
  for (const auto& prefix : table.variable_prefixes)
    loading.add_variables(line.environment, prefix);
  loading.add(std::move(flags.given));
  return loading.finish();
}

template <class Options>
loaded<Options> load(const command_line& line) {
  loaded<Options> result;
  static_cast<load_report&>(result) =
    load_table(table_of(result.options), line);
  return result;
}

template <class Options>
std::vector<std::string> changed(Options& before, Options& after) {
  std::vector<std::string> keys;
  const auto left = table_of(before);
  const auto right = table_of(after);
  for (std::size_t i = 0; i < left.options.size(); ++i)
    if (left.options[i].same_as.empty() &&
        left.options[i].target.show() != right.options[i].target.show())
      keys.push_back(left.options[i].key);
  return keys;
}

}  // namespace

loaded<worker_options> load_worker_options(const command_line& line) {
  return load<worker_options>(line);
}

loaded<controller_options> load_controller_options(const command_line& line) {
  return load<controller_options>(line);
}

std::vector<std::string> changed_keys(worker_options before,
                                      worker_options after) {
  return changed(before, after);
}

std::vector<std::string> changed_keys(controller_options before,
                                      controller_options after) {
  return changed(before, after);
}

}  // namespace kvc
