#pragma once

#include "config/load.hpp"
#include "config/option.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Reads single values. All parsers throw invalid_value.

namespace kvc {

/// Whether a number may be zero.
enum class zero { refused, allowed };

/// Returns the text of a node that is neither a list nor a map; it has at
/// most 4,096 bytes. `expected` is what is thrown otherwise.
std::string text_of(const YAML::Node& node, std::string_view expected);

/// Parses YAML text of one document, or none. Throws YAML::Exception.
YAML::Node parse_document(const std::string& text);

/// Returns `node`, or what its text says if that begins with `opening`: the
/// lists and maps of variables and flags come as text.
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

/// Reads one port, or a list of them: of YAML, or separated by commas. None
/// but 0 may be listed twice.
std::vector<std::uint16_t> parse_ports(const YAML::Node& given);

/// Reads "host" or "host:port", IPv6 in brackets.
host_and_port parse_host_and_port(const YAML::Node& node,
                                  std::uint16_t default_port);

/// Returns `text`, if it is a 64-bit integer or "seed:N".
std::string parse_none_hash(const std::string& text);

/// Writes `value` with as few digits as tell it from its neighbours.
std::string to_text(double value);

std::string lower_case(std::string text);

}  // namespace kvc
