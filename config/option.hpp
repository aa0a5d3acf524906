#pragma once

#include <yaml-cpp/yaml.h>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// Thrown by the parsers of values.hpp: what would have been right, as in
/// "expected a port", and in its place what, if not all of the value.
struct invalid_value {
  std::string expected;
  std::string got = {};
};

/// Ties a setting to the member that keeps it. The member must outlive it.
struct binding {
  std::function<void(const YAML::Node&)> set;  ///< Throws invalid_value.
  std::function<std::string()> show;  ///< The member's value, as in a file.
  bool is_switch = false;             ///< As a flag it needs no value.
};

/// One setting: all that files, variables, flags and the help know about it.
struct option {
  std::string key;         ///< As in a file; flags have dashes instead.
  std::string value_name;  ///< For the help: "PORT".
  std::string help;
  binding target;
  std::vector<std::string> aliases = {};
};

/// Every setting of a program.
struct option_table {
  std::string env_prefix;  ///< Before the key in upper case: "LMCACHE_".
  std::vector<option> options;

  /// LMCache's keys that we know of but do not have. A last "*" stands for
  /// any ending. Must outlive the table.
  std::span<const std::string_view> unsupported;
};

/// Returns the option with this key or alias, or nullptr.
const option* find_option(const option_table& table, std::string_view name);

/// Returns whether `key` is one that LMCache has and we do not.
bool is_unsupported(const option_table& table, std::string_view key);

/// Returns the key, alias or unsupported key that is closest to `name`.
std::string nearest_key(const option_table& table, std::string_view name);

/// Returns whichever of `candidates` takes the fewest edits to become `name`.
/// There must be one.
std::string nearest_name(const std::vector<std::string>& candidates,
                         std::string_view name);

/// Returns `text` in quotes, shortened and printable, for error messages.
std::string in_quotes(std::string_view text);

/// Returns the text of `node` in quotes, or "a list", for error messages.
std::string described(const YAML::Node& node);

}  // namespace kvc
