#include "net/ucx/network_device.hpp"

#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>

namespace kvc::ucx {

namespace {

using address_list = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

address_list resolve(const std::string& host, int flags, std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  if (const auto code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
      code != 0)
    error = host + ": " + ::gai_strerror(code);
  return {found, &::freeaddrinfo};
}

/// Returns the address in digits; nothing if it is not one of the internet.
host_address digits_of(const sockaddr* x) {
  if (x == nullptr || (x->sa_family != AF_INET && x->sa_family != AF_INET6))
    return {};
  const auto length =
    x->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  std::array<char, NI_MAXHOST> text{};
  if (::getnameinfo(x, static_cast<socklen_t>(length), text.data(), text.size(),
                    nullptr, 0, NI_NUMERICHOST) != 0)
    return {};
  return std::string_view{text.data()};
}

/// Returns the interface that has `wanted`; empty if none has.
std::string interface_with(const host_address& wanted) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0)
    return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> guard{
    all, &::freeifaddrs};
  for (const auto* x = all; x != nullptr; x = x->ifa_next)
    if (digits_of(x->ifa_addr) == wanted) {
      const std::string label = x->ifa_name;
      return label.substr(0, label.find(':'));
    }
  return {};
}

}  // namespace

network_device find_device(const std::string& host) {
  network_device result;
  const auto addresses = resolve(host, 0, result.error);
  if (!addresses)
    return result;
  for (const auto* x = addresses.get(); x != nullptr; x = x->ai_next) {
    result.address = digits_of(x->ai_addr);
    const auto& address = result.address;
    result.name = address.is_wildcard() ? "all" : interface_with(address);
    if (result.name.empty())
      continue;
    result.families = address.is_wildcard() && address.is_ipv6() ? "inet6,inet"
                      : address.is_ipv6()                        ? "inet6"
                                                                 : "inet";
    // UCX 1.13.1 sees no ::1, but the interface has an IPv4 address as well.
    // Peers that read from "lo" are on this machine whatever the family.
    if (address.is_loopback() && address.is_ipv6()) {
      result.families = "inet";
      result.address = "127.0.0.1";
    }
    return result;
  }
  result.error =
    host + ": no interface of this machine has " + result.address.text();
  return result;
}

std::uint16_t probe_port(const network_device& device, std::uint16_t port) {
  std::string ignored;
  const auto found =
    resolve(device.address.text(), AI_NUMERICHOST | AI_PASSIVE, ignored);
  const auto fd =
    found ? ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
  if (fd < 0)
    return 0;
  sockaddr_storage address{};
  std::memcpy(&address, found->ai_addr, found->ai_addrlen);
  // The port lies at the same place in both families.
  auto& bound = reinterpret_cast<sockaddr_in&>(address);
  bound.sin_port = htons(port);
  socklen_t length = found->ai_addrlen;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  const auto is_free = ::bind(fd, plain, length) == 0 && ::listen(fd, 1) == 0 &&
                       ::getsockname(fd, plain, &length) == 0;
  ::close(fd);
  return is_free ? ntohs(bound.sin_port) : std::uint16_t{0};
}

}  // namespace kvc::ucx
