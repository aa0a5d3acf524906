#pragma once

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace kvc::test {

/// Returns whether this machine has ::1, and says so where a test is skipped.
inline bool has_ipv6_loopback() {
  const auto fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const auto result =
    fd >= 0 &&
    ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0)
    ::close(fd);
  if (!result)
    MESSAGE("skipped: this machine has no ::1");
  return result;
}

}  // namespace kvc::test
