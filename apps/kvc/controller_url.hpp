#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace kvc {

/// Where a controller answers.
struct controller_url {
  std::string host;  ///< Without the brackets of an IPv6 address.
  std::uint16_t port = 80;
  std::string base_path;  ///< What comes before each route; no '/' at its end.
};

/// Reads "[http://]host[:port][/path]". Fails with invalid_request.
caf::expected<controller_url> parse_controller_url(std::string_view text);

/// Returns `text` as it may stand for a value in a query string.
std::string percent_encode(std::string_view text);

}  // namespace kvc
