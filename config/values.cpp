#include "config/values.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace kvc {

namespace {

template <class T>
binding bind_integer(T& target, number_range range) {
  return {[&target, range](const YAML::Node& node) {
            target = static_cast<T>(
              parse_integer(text_of(node, "expected an integer"), range));
          },
          [&target] { return std::to_string(target); }};
}

template <class Check>
binding bind_text(std::string& target, Check check) {
  return {[&target, check](const YAML::Node& node) {
            target = check(text_of(node, "expected a text"));
          },
          [&target] { return '"' + target + '"'; }};
}

}  // namespace

binding as_text(std::string& target) {
  return bind_text(target, [](std::string text) { return text; });
}

binding as_name(std::string& target) {
  return bind_text(target, [](std::string text) {
    if (text.empty())
      throw invalid_value{"expected a name"};
    return text;
  });
}

binding as_choice(std::string& target, std::vector<std::string> choices) {
  return bind_text(target, [choices = std::move(choices)](std::string text) {
    text = lower_case(std::move(text));
    if (std::find(choices.begin(), choices.end(), text) != choices.end())
      return text;
    std::string expected = "expected one of";
    for (const auto& choice : choices)
      expected += (&choice == choices.data() ? " " : ", ") + choice;
    throw invalid_value{expected};
  });
}

binding as_log_level(std::string& target) {
  return as_choice(target, {"trace", "debug", "info", "warn", "warning",
                            "error", "critical", "off"});
}

binding as_none_hash(std::string& target) {
  return bind_text(target, parse_none_hash);
}

binding as_path(std::filesystem::path& target) {
  return {[&target](const YAML::Node& node) {
            target = text_of(node, "expected a path");
          },
          [&target] { return '"' + target.string() + '"'; }};
}

binding as_directory(std::filesystem::path& target) {
  static constexpr std::string_view scheme = "file://";
  return {[&target](const YAML::Node& node) {
            auto text = text_of(node, "expected a path");
            if (text.starts_with(scheme))
              text.erase(0, scheme.size());
            target = std::move(text);
          },
          [&target] { return '"' + target.string() + '"'; }};
}

binding as_bool(bool& target) {
  return {[&target](const YAML::Node& node) { target = parse_bool(node); },
          [&target] { return target ? "true" : "false"; }, true};
}

binding as_integer(std::uint16_t& target, number_range range) {
  return bind_integer(target, range);
}

binding as_integer(std::uint32_t& target, number_range range) {
  return bind_integer(target, range);
}

binding as_seconds(std::chrono::milliseconds& target, zero policy) {
  constexpr double year = 31'536'000;
  return {
    [&target, policy](const YAML::Node& node) {
      const auto seconds = parse_number(node, policy, year);
      const std::chrono::milliseconds value{std::llround(seconds * 1e3)};
      if (policy == zero::refused && value.count() == 0)
        throw invalid_value{"expected at least 0.001"};
      target = value;
    },
    [&target] { return to_text(static_cast<double>(target.count()) / 1e3); }};
}

binding as_size(std::uint64_t& target, std::uint64_t unit, zero policy) {
  constexpr double most = 1 << 20U;
  return {
    [&target, unit, policy](const YAML::Node& node) {
      const auto count = parse_number(node, policy, most);
      const auto bytes = std::llround(count * static_cast<double>(unit));
      if (policy == zero::refused && bytes == 0)
        throw invalid_value{"expected at least one byte"};
      target = static_cast<std::uint64_t>(bytes);
    },
    [&target, unit] {
      return to_text(static_cast<double>(target) / static_cast<double>(unit));
    }};
}

binding as_share(double& target) {
  return {[&target](const YAML::Node& node) {
            target = parse_number(node, zero::allowed, 1);
          },
          [&target] { return to_text(target); }};
}

binding as_host_and_port(std::optional<host_and_port>& target,
                         std::uint16_t default_port) {
  return {[&target, default_port](const YAML::Node& node) {
            target = parse_host_and_port(node, default_port);
          },
          [&target] {
            return target ? target->host + ':' + std::to_string(target->port)
                          : "null";
          }};
}

binding as_ports(std::vector<std::uint16_t>& target) {
  return {[&target](const YAML::Node& node) { target = parse_ports(node); },
          [&target] {
            std::string text = "[";
            for (const auto port : target)
              text += (text.size() > 1 ? ", " : "") + std::to_string(port);
            return text + ']';
          }};
}

binding as_monitor_ports(std::uint16_t& pull) {
  return {[&pull](const YAML::Node& given) {
            constexpr auto expected =
              R"(expected a map with the port "pull", {"pull": 8300})";
            const auto node = collection_of(given, '{', expected);
            if (!node.IsMap() || !node["pull"])
              throw invalid_value{expected};
            pull = parse_port(node["pull"]);
          },
          [&pull] { return R"({"pull": )" + std::to_string(pull) + '}'; }};
}

binding as_ignored() {
  return {[](const YAML::Node& node) { text_of(node, "expected a text"); },
          [] { return "null"; }};
}

}  // namespace kvc
