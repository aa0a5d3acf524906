#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace kvc {

/// A name or an IP address of a machine, in one form whatever was written: an
/// address in its shortest digits and without brackets, IPv4 within IPv6 as
/// IPv4, a name in lower case. So it can be compared, and looks the same
/// everywhere.
class host_address {
 public:
  host_address() = default;  ///< None: empty, and not valid.

  /// Reads a name or an address; IPv6 may be in brackets. What is neither is
  /// kept as it is, and is not valid.
  template <std::convertible_to<std::string_view> Text>
  host_address(const Text& text)  // NOLINT(google-explicit-constructor)
      : host_address(std::string_view{text}, unread{}) {}

  const std::string& text() const { return text_; }
  bool is_valid() const { return is_valid_; }
  bool empty() const { return text_.empty(); }

  bool is_ipv6() const {
    return is_valid_ && text_.find(':') != std::string::npos;
  }

  /// Returns whether it stands for all addresses of a machine.
  bool is_wildcard() const { return text_ == "0.0.0.0" || text_ == "::"; }

  /// Returns whether every machine finds itself there.
  bool is_loopback() const {
    return text_ == "::1" || text_ == "localhost" ||
           (text_.starts_with("127.") && to_ipv4(text_));
  }

  friend auto operator<=>(const host_address&, const host_address&) = default;

  friend std::string to_string(const host_address& x) { return x.text_; }

 private:
  struct unread {};

  host_address(std::string_view text, unread) : text_(text) {
    const auto is_bracketed = text.starts_with('[') && text.ends_with(']');
    const auto inner =
      is_bracketed ? text.substr(1, text.size() - 2) : std::string_view{};
    auto found = to_ipv6(is_bracketed ? inner : text);
    if (!found && !is_bracketed)
      found = to_ipv4(text);
    if (!found && !is_bracketed && is_name(text))
      found = to_lower_case(text);
    is_valid_ = found.has_value();
    if (found)
      text_ = std::move(*found);
  }

  static std::string to_digits(int family, const void* bytes) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    ::inet_ntop(family, bytes, buffer.data(), buffer.size());
    return buffer.data();
  }

  static std::optional<std::string> to_ipv4(std::string_view text) {
    in_addr bytes{};
    if (::inet_pton(AF_INET, std::string{text}.c_str(), &bytes) != 1 ||
        has_nul(text))
      return std::nullopt;
    return to_digits(AF_INET, &bytes);
  }

  /// A zone, as in "fe80::1%eth0", is kept.
  static std::optional<std::string> to_ipv6(std::string_view text) {
    const auto end = std::min(text.find('%'), text.size());
    const auto zone = text.substr(end);
    in6_addr bytes{};
    if (::inet_pton(AF_INET6, std::string{text.substr(0, end)}.c_str(),
                    &bytes) != 1 ||
        has_nul(text) || (!zone.empty() && !is_label(zone.substr(1))))
      return std::nullopt;
    if (IN6_IS_ADDR_V4MAPPED(&bytes) && zone.empty())
      return to_digits(AF_INET, &bytes.s6_addr[12]);
    return to_digits(AF_INET6, &bytes).append(zone);
  }

  static bool has_nul(std::string_view text) {
    return text.find('\0') != std::string_view::npos;
  }

  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  static bool is_label(std::string_view text) {
    constexpr std::size_t longest = 63;
    return !text.empty() && text.size() <= longest && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) {
             return is_digit(c) || (c >= 'a' && c <= 'z') ||
                    (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
           });
  }

  /// A name whose last label is a number would be a mistyped address.
  static bool is_name(std::string_view text) {
    constexpr std::size_t longest = 253;
    if (text.size() > longest)
      return false;
    if (text.ends_with('.'))
      text.remove_suffix(1);
    while (true) {
      const auto label = text.substr(0, text.find('.'));
      if (!is_label(label))
        return false;
      if (label.size() == text.size())
        return !std::all_of(label.begin(), label.end(), is_digit);
      text.remove_prefix(label.size() + 1);
    }
  }

  static std::string to_lower_case(std::string_view text) {
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return result;
  }

  std::string text_;
  bool is_valid_ = false;
};

/// Where a process listens.
struct host_and_port {
  host_address host{};
  std::uint16_t port = 0;

  friend auto operator<=>(const host_and_port&, const host_and_port&) = default;

  /// Writes "host:port", IPv6 in brackets.
  friend std::string to_string(const host_and_port& x) {
    const auto& text = x.host.text();
    return (x.host.is_ipv6() ? '[' + text + ']' : text) + ':' +
           std::to_string(x.port);
  }
};

/// Reads "host" or "host:port", with a port above 0. IPv6 needs brackets only
/// where its last group could be a port. Returns nothing if `text` is neither,
/// or could be both.
inline std::optional<host_and_port> read_host_and_port(
  std::string_view text, std::uint16_t default_port) {
  const host_and_port whole{text, default_port};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return whole.host.is_valid() ? std::optional{whole} : std::nullopt;
  const auto digits = text.substr(colon + 1);
  host_and_port parts{text.substr(0, colon)};
  const auto* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, parts.port);
  const auto has_port = parts.host.is_valid() && error == std::errc{} &&
                        rest == end && parts.port != 0;
  if (has_port == whole.host.is_valid())
    return std::nullopt;
  return has_port ? parts : whole;
}

}  // namespace kvc
