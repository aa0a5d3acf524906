#include "net/http/origin.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace kvc {

namespace {

/// A host with a port, in two parts.
struct authority {
  std::string_view host;  ///< An IPv6 address is in brackets.
  std::string_view port;
};

/// Splits "host:port" or "host".
authority split(std::string_view text, std::string_view default_port) {
  const auto colon = text.rfind(':');
  const auto bracket = text.rfind(']');
  const bool has_port = colon != std::string_view::npos &&
                        (bracket == std::string_view::npos || colon > bracket);
  return has_port ? authority{text.substr(0, colon), text.substr(colon + 1)}
                  : authority{text, default_port};
}

/// Removes the scheme from the front of an origin and returns its usual port,
/// or nothing if it is not HTTP's.
std::optional<std::string_view> take_scheme(std::string_view& origin) {
  for (const auto& [scheme, port] :
       {std::pair{std::string_view{"http://"}, std::string_view{"80"}},
        std::pair{std::string_view{"https://"}, std::string_view{"443"}}})
    if (origin.starts_with(scheme)) {
      origin.remove_prefix(scheme.size());
      return port;
    }
  return {};
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return boost::beast::iequals({left.data(), left.size()},
                               {right.data(), right.size()});
}

/// Whether it is "localhost" or an address, and not another name.
bool is_fixed(std::string_view host) {
  if (equal_ignoring_case(host, "localhost"))
    return true;
  const bool has_brackets =
    host.size() > 2 && host.front() == '[' && host.back() == ']';
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(
    std::string{has_brackets ? host.substr(1, host.size() - 2) : host}, error);
  return !error && address.is_v6() == has_brackets;
}

}  // namespace

bool may_change_state(std::string_view origin, std::string_view host,
                      std::span<const std::string> allowed) {
  if (std::find(allowed.begin(), allowed.end(), origin) != allowed.end())
    return true;
  const auto port = take_scheme(origin);
  if (!port)
    return false;
  const auto page = split(origin, *port);
  const auto asked = split(host, *port);
  return is_fixed(page.host) && equal_ignoring_case(page.host, asked.host) &&
         page.port == asked.port;
}

}  // namespace kvc
