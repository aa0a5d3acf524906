#pragma once

#include "config/parsing.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// How each kind of setting is read and shown. The targets must outlive the
// bindings.

namespace kvc {

inline constexpr std::uint64_t gib = std::uint64_t{1} << 30U;
inline constexpr std::uint64_t mib = std::uint64_t{1} << 20U;

/// Any text, at most 4,096 bytes.
binding as_text(std::string& target);

/// Any text but none.
binding as_name(std::string& target);

/// One of `choices`, in lower case.
binding as_choice(std::string& target, std::vector<std::string> choices);

/// The levels that spdlog has.
binding as_log_level(std::string& target);

/// A signed or unsigned 64-bit integer, or "seed:N".
binding as_none_hash(std::string& target);

/// The path of a file, which need not exist.
binding as_path(std::filesystem::path& target);

/// The path of a directory, which need not exist, or a file:// URL of it.
binding as_directory(std::filesystem::path& target);

/// true, yes, on, 1 or their opposites, in any case.
binding as_bool(bool& target);

binding as_integer(std::uint16_t& target, number_range range);
binding as_integer(std::uint32_t& target, number_range range);

/// A number of seconds, to the millisecond.
binding as_seconds(std::chrono::milliseconds& target, zero policy);

/// A number of `unit` bytes.
binding as_size(std::uint64_t& target, std::uint64_t unit, zero policy);

/// A number between 0 and 1.
binding as_share(double& target);

/// "host" or "host:port", IPv6 in brackets.
binding as_host_and_port(std::optional<host_and_port>& target,
                         std::uint16_t default_port);

/// A port, or a list of ports: of YAML, or separated by commas.
binding as_ports(std::vector<std::uint16_t>& target);

/// LMCache's JSON form, {"pull": 8300, "reply": 8400}: sets `pull` alone.
binding as_monitor_ports(std::uint16_t& pull);

/// Takes any text for the sake of LMCache's files and forgets it.
binding as_ignored();

}  // namespace kvc
