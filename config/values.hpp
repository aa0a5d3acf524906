#pragma once

#include "config/command_line.hpp"
#include "config/host_address.hpp"
#include "config/option.hpp"
#include "config/short_text.hpp"

#include <yaml-cpp/yaml.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvc {

/// Whether a number may be zero.
enum class zero { refused, allowed };

/// Whether a text may be empty.
enum class blank { refused, allowed };

inline constexpr std::uint64_t gib = std::uint64_t{1} << 30U;
inline constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

// How each kind of setting is read and shown. A function's comment says what
// the setting takes.

/// From `min` to `max` characters of printable ASCII.
binding as_short_text(std::string& target, std::size_t min,
                      std::size_t max = max_short_text);

/// What may name an instance (config/instance_id.hpp).
binding as_instance_id(std::string& target);

/// One of `choices`, in any case; they are in lower case and kept so.
binding as_choice(std::string& target, std::vector<std::string> choices);

/// A level of spdlog.
binding as_log_level(std::string& target);

/// A signed or unsigned 64-bit integer, or "seed:N".
binding as_none_hash(std::string& target);

/// The path of a file, which need not exist; not "".
binding as_path(std::filesystem::path& target);

/// The paths of directories, which need not exist, or file:// URLs of them:
/// one, or several, as a list or separated by commas. None if it is empty.
binding as_directories(std::vector<std::filesystem::path>& target);

/// true, yes, on, 1 or an opposite, in any case.
binding as_bool(bool& target);

/// A decimal integer within `range`, without a sign.
binding as_integer(std::uint16_t& target, number_range range);
binding as_integer(std::uint32_t& target, number_range range);

/// A number of seconds, at most a year. It is rounded to milliseconds.
binding as_seconds(std::chrono::milliseconds& target, zero policy);

/// A positive number of seconds, or -1 for nothing.
binding as_seconds_or_off(std::optional<std::chrono::milliseconds>& target);

/// A number of units, at most 2^20; a unit has `unit` bytes.
binding as_size(std::uint64_t& target, std::uint64_t unit, zero policy);

/// A number from 0 to 1.
binding as_share(double& target);

/// A name or an address; IPv6 may be in brackets.
binding as_host(host_address& target, blank policy);

/// As as_host, but nothing that leads each machine to itself or nowhere:
/// wildcards and "localhost" are refused. May be empty.
binding as_advertised_host(host_address& target);

/// "host" or "host:port"; IPv6 without brackets only where that is clear.
binding as_host_and_port(std::optional<host_and_port>& target,
                         std::uint16_t default_port);

/// A port, or a list of ports: in YAML, or separated by commas.
binding as_ports(std::vector<std::uint16_t>& target);

/// A list of origins of web pages, "https://name" or "http://name:port": in
/// YAML, or separated by commas.
binding as_origins(std::vector<std::string>& target);

/// A map with a port "pull", which is kept; LMCache has {"pull": 8300, "reply":
/// 8400}.
binding as_monitor_ports(std::uint16_t& pull);

/// Any text, which is not kept: LMCache has this setting, we do not.
binding as_ignored();

// Parsers of single values. All throw invalid_value.

/// Returns the text of a node, at most 4,096 bytes. Throws `expected` for a
/// list or a map.
std::string text_of(const YAML::Node& node, std::string_view expected);

/// Returns `node`; but if it is a text that begins with `opening`, returns the
/// list or map that the text contains, as those of variables and flags do.
YAML::Node collection_of(const YAML::Node& node, char opening,
                         std::string_view expected);

/// Reads a decimal integer without a sign.
std::uint64_t parse_integer(const std::string& text, number_range range);

/// Reads a finite number from 0, or above 0, to `max`.
double parse_number(const YAML::Node& node, zero policy, double max);

/// Reads true, yes, on, 1 or an opposite, in any case.
bool parse_bool(const YAML::Node& node);

/// Reads a port; 0 is one.
std::uint16_t parse_port(const YAML::Node& node);

/// Reads one port, or a list of up to 1,024: in YAML, or separated by commas.
/// Only 0 may be listed twice.
std::vector<std::uint16_t> parse_ports(const YAML::Node& given);

/// Reads the paths of directories, which file:// may precede, as a list or
/// separated by commas.
std::vector<std::filesystem::path> parse_directories(const YAML::Node& given);

/// Reads "host" or "host:port" as read_host_and_port does.
host_and_port parse_host_and_port(const YAML::Node& node,
                                  std::uint16_t default_port);

/// Returns `text`, if it is a 64-bit integer or "seed:N".
std::string parse_none_hash(const std::string& text);

/// Returns the shortest text that reads back as `value`.
std::string to_text(double value);

/// Returns `text` with its ASCII letters in lower case.
std::string lower_case(std::string text);

}  // namespace kvc
