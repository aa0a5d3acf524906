#include "apps/kvc/controller_url.hpp"

#include "messages/errors.hpp"

#include <algorithm>
#include <charconv>

namespace kvc {

namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

caf::error refuse(std::string_view text, std::string_view why) {
  return caf::make_error(errc::invalid_request, "url \"" + std::string{text} +
                                                  "\" " + std::string{why});
}

/// Cuts the host off the front of `authority`; what is left is empty or begins
/// with ':'.
std::string_view take_host(std::string_view& authority) {
  if (authority.starts_with('[')) {
    const auto size = authority.find(']');
    if (size == std::string_view::npos)
      return {};
    const auto host = authority.substr(1, size - 1);
    authority.remove_prefix(size + 1);
    return host;
  }
  const auto host = authority.substr(0, authority.find(':'));
  authority.remove_prefix(host.size());
  return host;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  const auto* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && rest == end && port > 0;
}

}  // namespace

caf::expected<controller_url> parse_controller_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  auto rest = text;
  if (rest.starts_with(scheme))
    rest.remove_prefix(scheme.size());
  else if (rest.find("://") != std::string_view::npos)
    return refuse(text, "does not begin with http://");
  auto authority = rest.substr(0, rest.find('/'));
  auto path = rest.substr(authority.size());
  while (path.ends_with('/'))
    path.remove_suffix(1);
  controller_url result{std::string{take_host(authority)}, 80,
                        std::string{path}};
  const auto is_host_character = [](char c) {
    return is_unreserved(c) || c == ':' || c == '%';
  };
  if (result.host.empty() ||
      !std::all_of(result.host.begin(), result.host.end(), is_host_character))
    return refuse(text, "names no host");
  if (!authority.empty() && !(authority.front() == ':' &&
                              parse_port(authority.substr(1), result.port)))
    return refuse(text, "has a port that is not in 1..65535");
  if (!std::all_of(path.begin(), path.end(), [](char c) {
        return is_unreserved(c) || c == '/' || c == '%';
      }))
    return refuse(text, "has more than a plain path behind the host");
  return result;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    if (is_unreserved(c)) {
      result += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    result += {'%', digits[byte >> 4U], digits[byte & 15U]};
  }
  return result;
}

}  // namespace kvc
