#include "config/values.hpp"

#include "config/instance_id.hpp"
#include "config/yaml_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <sstream>
#include <system_error>
#include <utility>

namespace kvc {

namespace {

/// Reads all of `text` as one T, the way from_chars does.
template <class T>
std::optional<T> parse_all(std::string_view text) {
  T value{};
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end)
    return std::nullopt;
  return value;
}

/// Reads one port of a list.
std::uint16_t parse_item(const YAML::Node& node) {
  try {
    return parse_port(node);
  } catch (invalid_value& wrong) {
    wrong.got = described(node);
    throw;
  }
}

/// Whether a browser could send it as the origin of a page.
bool is_origin(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme)) {
      const auto host = text.substr(scheme.size());
      return !host.empty() && host.size() <= 253 &&
             host.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyz0123456789-._:[]") ==
               std::string_view::npos;
    }
  return false;
}

std::vector<std::string> parse_origins(const YAML::Node& given) {
  constexpr auto expected =
    R"(expected a list of origins, in lower case: ["https://kvc.example"])";
  constexpr std::size_t most = 64;
  auto node = collection_of(given, '[', expected);
  if (node.IsScalar())
    node = collection_of(YAML::Node{'[' + node.Scalar() + ']'}, '[', expected);
  if (!node.IsSequence() || node.size() > most)
    throw invalid_value{expected};
  std::vector<std::string> origins;
  for (const auto& item : node) {
    origins.push_back(text_of(item, expected));
    if (!is_origin(origins.back()))
      throw invalid_value{expected, described(item)};
  }
  return origins;
}

/// Reads a number of seconds, at most a year.
std::chrono::milliseconds parse_seconds(const YAML::Node& node, zero policy) {
  constexpr double year = 31'536'000;
  const auto seconds = parse_number(node, policy, year);
  const std::chrono::milliseconds value{std::llround(seconds * 1e3)};
  if (policy == zero::refused && value.count() == 0)
    throw invalid_value{"expected at least 0.001"};
  return value;
}

std::string in_seconds(std::chrono::milliseconds time) {
  return to_text(static_cast<double>(time.count()) / 1e3);
}

/// Returns whether `text` begins like a URL: "s3://", "file:/".
bool has_scheme(std::string_view text) {
  const auto end = text.find_first_not_of(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
  return end != std::string_view::npos && end > 0 &&
         text.substr(end).starts_with(":/");
}

/// Adds one path of several. Empty ones are left out, as LMCache does.
void add_directory(std::vector<std::filesystem::path>& to, std::string text) {
  constexpr std::string_view scheme = "file://";
  constexpr std::string_view blanks = " \t";
  text.erase(0, std::min(text.find_first_not_of(blanks), text.size()));
  text.erase(text.find_last_not_of(blanks) + 1);
  const bool is_url = text.starts_with(scheme);
  if (is_url)
    text.erase(0, scheme.size());
  else if (has_scheme(text))
    throw invalid_value{"expected a path, or file:// and a path",
                        in_quotes(text)};
  if (!text.empty())
    to.emplace_back(std::move(text));
}

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

binding as_short_text(std::string& target, std::size_t min, std::size_t max) {
  return bind_text(target, [min, max](std::string text) {
    if (text.size() < min || text.size() > max || !is_short_printable(text))
      throw invalid_value{"expected " + std::to_string(min) + " to " +
                          std::to_string(max) + " printable ASCII characters"};
    return text;
  });
}

binding as_instance_id(std::string& target) {
  return bind_text(target, [](std::string text) {
    if (!is_instance_id(text))
      throw invalid_value{"expected " + std::string{instance_id_rule}};
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
            auto text = text_of(node, "expected the path of a file");
            if (text.empty())
              throw invalid_value{"expected the path of a file"};
            target = std::move(text);
          },
          [&target] { return '"' + target.string() + '"'; }};
}

binding as_directories(std::vector<std::filesystem::path>& target) {
  return {
    [&target](const YAML::Node& node) { target = parse_directories(node); },
    [&target] {
      std::string text;
      for (const auto& path : target)
        text += (text.empty() ? "" : ",") + path.string();
      return '"' + text + '"';
    }};
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
  return {[&target, policy](const YAML::Node& node) {
            target = parse_seconds(node, policy);
          },
          [&target] { return in_seconds(target); }};
}

binding as_seconds_or_off(std::optional<std::chrono::milliseconds>& target) {
  return {[&target](const YAML::Node& node) {
            const auto is_off = node.IsScalar() && node.Scalar() == "-1";
            target.reset();
            if (is_off)
              return;
            try {
              target = parse_seconds(node, zero::refused);
            } catch (invalid_value& wrong) {
              wrong.expected += ", or -1";
              throw;
            }
          },
          [&target] { return target ? in_seconds(*target) : "-1"; }};
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

binding as_host(host_address& target, blank policy) {
  return {[&target, policy](const YAML::Node& node) {
            constexpr auto expected = "expected a host name or an address";
            const host_address found = text_of(node, expected);
            const auto is_blank = policy == blank::allowed && found.empty();
            if (!found.is_valid() && !is_blank)
              throw invalid_value{expected};
            target = found;
          },
          [&target] { return '"' + target.text() + '"'; }};
}

binding as_advertised_host(host_address& target) {
  auto result = as_host(target, blank::allowed);
  result.set = [&target](const YAML::Node& node) {
    host_address found;
    as_host(found, blank::allowed).set(node);
    if (found.is_wildcard() || found == "localhost")
      throw invalid_value{"expected where other hosts reach this one"};
    target = found;
  };
  return result;
}

binding as_host_and_port(std::optional<host_and_port>& target,
                         std::uint16_t default_port) {
  return {
    [&target, default_port](const YAML::Node& node) {
      target = parse_host_and_port(node, default_port);
    },
    [&target] { return target ? '"' + to_string(*target) + '"' : "null"; }};
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

binding as_origins(std::vector<std::string>& target) {
  return {[&target](const YAML::Node& node) { target = parse_origins(node); },
          [&target] {
            std::string text = "[";
            for (const auto& origin : target)
              text += (text.size() > 1 ? ", \"" : "\"") + origin + '"';
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

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::string text_of(const YAML::Node& node, std::string_view expected) {
  constexpr std::size_t longest = 4096;
  if (!node.IsScalar())
    throw invalid_value{std::string{expected}};
  if (node.Scalar().size() > longest)
    throw invalid_value{"expected at most 4096 bytes"};
  return node.Scalar();
}

std::uint64_t parse_integer(const std::string& text, number_range range) {
  const auto value = parse_all<std::uint64_t>(text);
  if (value && *value >= range.min && *value <= range.max)
    return *value;
  throw invalid_value{"expected an integer from " + std::to_string(range.min) +
                      " to " + std::to_string(range.max)};
}

double parse_number(const YAML::Node& node, zero policy, double max) {
  const auto* expected = policy == zero::allowed
                           ? "expected a number that is not negative"
                           : "expected a positive number";
  const auto value = parse_all<double>(text_of(node, expected));
  if (!value || std::isnan(*value) || std::signbit(*value) ||
      (policy == zero::refused && *value == 0))
    throw invalid_value{std::string{expected}};
  if (*value > max)
    throw invalid_value{"expected at most " + to_text(max)};
  return *value;
}

YAML::Node collection_of(const YAML::Node& node, char opening,
                         std::string_view expected) {
  if (!node.IsScalar() || !node.Scalar().starts_with(opening))
    return node;
  try {
    return parse_document(node.Scalar());
  } catch (const YAML::Exception&) {
    throw invalid_value{std::string{expected}};
  }
}

bool parse_bool(const YAML::Node& node) {
  constexpr auto expected = "expected true or false";
  const auto text = lower_case(text_of(node, expected));
  const auto is_any = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), text) != words.end();
  };
  if (is_any({"true", "yes", "on", "1"}))
    return true;
  if (is_any({"false", "no", "off", "0"}))
    return false;
  throw invalid_value{expected};
}

std::uint16_t parse_port(const YAML::Node& node) {
  return static_cast<std::uint16_t>(
    parse_integer(text_of(node, "expected a port"), {0, UINT16_MAX}));
}

std::vector<std::uint16_t> parse_ports(const YAML::Node& given) {
  constexpr auto expected = "expected a port or a list of ports";
  constexpr std::size_t most = 1024;
  auto node = collection_of(given, '[', expected);
  if (node.IsMap())
    throw invalid_value{std::string{expected}};
  if (node.IsScalar() && node.Scalar().find(',') != std::string::npos)
    node = collection_of(YAML::Node{'[' + node.Scalar() + ']'}, '[', expected);
  std::vector<std::uint16_t> ports;
  if (node.IsScalar())
    ports.push_back(parse_port(node));
  if (node.size() > most)
    throw invalid_value{"expected at most 1024 ports"};
  for (const auto& item : node)
    ports.push_back(parse_item(item));
  for (auto it = ports.begin(); it != ports.end(); ++it)
    if (*it != 0 && std::find(ports.begin(), it, *it) != it)
      throw invalid_value{"expected each port once"};
  return ports;
}

std::vector<std::filesystem::path> parse_directories(const YAML::Node& given) {
  constexpr auto expected = "expected a path or a list of paths";
  std::vector<std::filesystem::path> result;
  if (given.IsSequence()) {
    for (const auto& item : given)
      add_directory(result, text_of(item, expected));
    return result;
  }
  std::istringstream pieces{text_of(given, expected)};
  for (std::string piece; std::getline(pieces, piece, ',');)
    add_directory(result, piece);
  return result;
}

host_and_port parse_host_and_port(const YAML::Node& node,
                                  std::uint16_t default_port) {
  constexpr auto expected = "expected host:port, IPv6 in brackets";
  if (const auto found =
        read_host_and_port(text_of(node, expected), default_port))
    return *found;
  throw invalid_value{expected};
}

std::string parse_none_hash(const std::string& text) {
  const auto is_valid =
    text.starts_with("seed:")
      ? parse_all<std::uint32_t>(text.substr(5)).has_value()
      : parse_all<std::uint64_t>(text) || parse_all<std::int64_t>(text);
  if (!is_valid)
    throw invalid_value{
      "expected a 64-bit integer, or seed:N with N from 0 to 4294967295"};
  return text;
}

std::string to_text(double value) {
  std::array<char, 32> buffer{};
  const auto done =
    std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), done.ptr};
}

}  // namespace kvc
