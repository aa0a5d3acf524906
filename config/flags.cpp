#include "config/flags.hpp"

#include "config/split_empty_values.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <utility>

namespace kvc {

namespace {

std::string flag_of(std::string key) {
  std::replace(key.begin(), key.end(), '_', '-');
  return "--" + key;
}

/// A flag that waits for its values.
struct pending_flag {
  std::string name;  ///< With its dashes.
  CLI::Option* parsed;
  std::function<void(const std::string&)> take;  ///< Called once per value.
  bool is_repeatable;
};

class flag_parser {
 public:
  flag_parser(const option_table& table, const command_line& line)
      : app_(line.summary, line.program) {
    app_.allow_extras();
    app_.get_formatter()->column_width(44);
    for (const auto& entry : table.options)
      add_key(entry);
    add("--config", "FILE", "read settings from this YAML file", false,
        [this](const std::string& path) {
          if (path.empty())
            fail("--config: expected a path");
          result_.config_path = path;
        });
    for (const auto& flag : line.flags)
      add_extra(flag);
    app_.set_version_flag("--version", line.version, "Print the version");
  }

  parsed_flags parse(std::vector<std::string> arguments) {
    arguments = split_empty_values(std::move(arguments));
    // CLI11 takes a vector back to front.
    std::reverse(arguments.begin(), arguments.end());
    try {
      app_.parse(std::move(arguments));
    } catch (const CLI::CallForHelp&) {
      for (const auto& flag : pending_)
        flag.parsed->default_str("");  // The help has the real defaults.
      result_.help = app_.help();
      return std::move(result_);
    } catch (const CLI::CallForVersion& version) {
      result_.help = std::string{version.what()} + '\n';
      return std::move(result_);
    } catch (const CLI::ParseError& error) {
      fail(error.what());
    }
    for (const auto& flag : pending_)
      hand_over(flag);
    refuse_rest();
    return std::move(result_);
  }

 private:
  void fail(std::string text) {
    result_.given.errors.push_back(std::move(text));
  }

  CLI::Option* add(const std::string& flag, const std::string& value_name,
                   const std::string& help, bool is_repeatable,
                   std::function<void(const std::string&)> take) {
    auto* added = app_.add_option(flag);
    added->description(help)->type_name(value_name);
    added->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    pending_.push_back({flag, added, std::move(take), is_repeatable});
    return added;
  }

  void add_key(const option& entry) {
    auto help = entry.help + " [" + entry.target.show() + ']';
    for (const auto& alias : entry.aliases)
      help += "; or " + flag_of(alias);
    add_name(entry, entry.key)->description(help);
    for (const auto& alias : entry.aliases)
      add_name(entry, alias)->group("");  // Not in the help.
  }

  CLI::Option* add_name(const option& entry, const std::string& name) {
    const auto flag = flag_of(name);
    auto* added =
      add(flag, entry.value_name, "", true,
          [this, name, flag](const std::string& value) {
            result_.given.values.push_back({name, flag, YAML::Node{value}});
          });
    if (entry.target.is_switch)
      added->expected(0, 1)->default_str("true");
    return added;
  }

  void add_extra(const extra_flag& extra) {
    const auto flag = flag_of(extra.name);
    auto take = [this, flag, set = extra.set](const std::string& value) {
      const auto expected = set(value);
      if (!expected.empty())
        fail(flag + ": " + expected + ", got " + in_quotes(value));
    };
    if (!extra.value_name.empty()) {
      add(flag, extra.value_name, extra.help, false, std::move(take));
      return;
    }
    auto* added = app_.add_flag(flag);
    added->description(extra.help);
    auto tell = [take = std::move(take)](const std::string&) { take(""); };
    pending_.push_back({flag, added, std::move(tell), true});
  }

  void hand_over(const pending_flag& flag) {
    const auto& values = flag.parsed->results();
    if (values.size() > 1 && !flag.is_repeatable)
      fail(flag.name + ": given more than once");
    for (const auto& value : values)
      if (is_flag(value))
        fail(flag.name + ": expected a value, got the flag " + value);
      else
        flag.take(value);
  }

  bool is_flag(const std::string& word) const {
    return std::any_of(pending_.begin(), pending_.end(),
                       [&](const auto& flag) { return flag.name == word; });
  }

  /// Names what CLI11 left over. What follows an unknown flag is its value.
  void refuse_rest() {
    bool follows_flag = false;
    for (const auto& word : app_.remaining()) {
      const bool is_flag = word.size() > 1 && word[0] == '-';
      if (is_flag)
        fail(word.substr(0, word.find('=')) +
             ": unknown flag, the nearest is " +
             nearest_flag(word.substr(0, word.find('='))));
      else if (!follows_flag)
        fail(in_quotes(word) + ": expected a flag");
      follows_flag = is_flag && word.find('=') == std::string::npos;
    }
  }

  std::string nearest_flag(const std::string& word) const {
    std::vector<std::string> candidates{"--help", "--version"};
    for (const auto& flag : pending_)
      candidates.push_back(flag.name);
    return nearest_name(candidates, word);
  }

  CLI::App app_;
  std::vector<pending_flag> pending_;
  parsed_flags result_;
};

}  // namespace

parsed_flags parse_flags(const option_table& table, const command_line& line) {
  return flag_parser{table, line}.parse(line.arguments);
}

}  // namespace kvc
