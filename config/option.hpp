#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

struct load_report;

/// Thrown for a value that cannot be taken.
struct invalid_value {
  std::string expected;  ///< What would have been right: "expected a port".
  std::string got = {};  ///< The wrong part, if it is not the whole value.
};

/// Ties a setting to the variable that keeps it, which must outlive the
/// binding. Made by the functions of values.hpp.
struct binding {
  std::function<void(const YAML::Node&)> set;  ///< Throws invalid_value.
  std::function<std::string()> show;           ///< The value, as in a file.
  bool is_switch = false;  ///< Whether its flag may come without a value.
};

/// One setting: all that files, variables, flags and the help know about it.
struct option {
  std::string key;  ///< As in a file. Its flag has dashes for underscores.
  std::string value_name;  ///< For the help: "PORT".
  std::string help;
  binding target;
  std::vector<std::string> aliases = {};  ///< Other keys of this setting.

  /// The key of the option that keeps its value in the same variable, if there
  /// is one before this in the table. If a source gives both, this one wins.
  std::string same_as = {};
};

/// All settings of a program.
struct option_table {
  /// Before the key in upper case: "LMCACHE_". The later wins.
  std::vector<std::string> variable_prefixes;

  std::vector<option> options;

  /// Keys of LMCache that have no effect here, which is no error. A last "*"
  /// stands for any ending.
  std::vector<std::string> unsupported;

  /// Adds errors about settings that contradict each other. It is called when
  /// all are loaded; may be empty.
  std::function<void(load_report&)> check;

  /// Returns the option with this key or alias, or nullptr.
  const option* find(std::string_view key) const;

  bool is_unsupported(std::string_view key) const;

  /// Returns the key, alias or unsupported key that is nearest to `name`.
  std::string nearest_to(std::string_view name) const;
};

/// Returns the words that blanks separate in `text`.
std::vector<std::string> words_of(std::string_view text);

/// Returns the candidate that takes the fewest edits to become `name`. There
/// must be a candidate.
std::string nearest_name(const std::vector<std::string>& candidates,
                         std::string_view name);

/// Returns `text` in quotes, for error messages: at most 60 bytes, control
/// characters replaced by "?".
std::string in_quotes(std::string_view text);

/// Returns the text of `node` in quotes, or "a list", "a map" or "nothing".
std::string described(const YAML::Node& node);

}  // namespace kvc
