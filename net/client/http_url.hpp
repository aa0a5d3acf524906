#pragma once

#include <caf/expected.hpp>

#include <string>
#include <string_view>

namespace kvc {

/// Reads "[http[s]://]host[:port][/path]", http if not said, IPv6 as
/// read_host_and_port does, and returns the whole URL without a '/' at its end.
/// Fails with invalid_request.
caf::expected<std::string> parse_http_url(std::string_view text);

/// Returns `text` as it may stand for a value in a query string.
std::string percent_encode(const std::string& text);

}  // namespace kvc
