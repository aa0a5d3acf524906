#include "net/ucx/network_device.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <memory>

namespace kvc::ucx {

namespace {

using address_list = std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)>;

/// Resolves to IPv4 alone, because UCX binds to an interface's first address.
address_list resolve(const std::string& host, int flags, std::string& error) {
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* found = nullptr;
  if (const auto code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
      code != 0)
    error = host + ": " + ::gai_strerror(code);
  return {found, &::freeaddrinfo};
}

in_addr address_in(const sockaddr* x) {
  sockaddr_in result{};
  std::memcpy(&result, x, sizeof result);
  return result.sin_addr;
}

std::string digits(in_addr x) {
  std::string result(INET_ADDRSTRLEN, '\0');
  ::inet_ntop(AF_INET, &x, result.data(), INET_ADDRSTRLEN);
  return result.c_str();  // Up to the first zero.
}

/// Returns the interface that has `wanted`; empty if none has.
std::string interface_with(in_addr wanted) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0)
    return {};
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> guard{
    all, &::freeifaddrs};
  for (const auto* x = all; x != nullptr; x = x->ifa_next)
    if (x->ifa_addr != nullptr && x->ifa_addr->sa_family == AF_INET &&
        address_in(x->ifa_addr).s_addr == wanted.s_addr) {
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
    const auto wanted = address_in(x->ai_addr);
    result.address = digits(wanted);
    result.name =
      wanted.s_addr == htonl(INADDR_ANY) ? "all" : interface_with(wanted);
    if (!result.name.empty())
      return result;
  }
  result.error = host + ": no interface of this machine has " + result.address;
  return result;
}

std::uint16_t probe_port(const network_device& device, std::uint16_t port) {
  const auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return 0;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, device.address.c_str(), &address.sin_addr);
  socklen_t length = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  const auto is_free = ::bind(fd, plain, length) == 0 && ::listen(fd, 1) == 0 &&
                       ::getsockname(fd, plain, &length) == 0;
  ::close(fd);
  return is_free ? ntohs(address.sin_port) : std::uint16_t{0};
}

}  // namespace kvc::ucx
