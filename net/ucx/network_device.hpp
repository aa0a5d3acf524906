#pragma once

#include "config/host_address.hpp"

#include <cstdint>
#include <string>

namespace kvc::ucx {

/// A network interface of this machine, or the reason why there is none.
struct network_device {
  std::string name;      ///< UCX's name: "lo", "eth0"; "all" for a wildcard.
  std::string families;  ///< UCX's names for those to be used, first one first.
  host_address address;  ///< Where UCX listens: in digits.
  std::string error;     ///< Empty if the interface was found.
};

/// Returns the interface that has the address of `host`, a name or an address.
network_device find_device(const std::string& host);

/// Returns `port` if it can be bound at `device`, or a free port if it is 0.
/// Returns 0 if there is none.
std::uint16_t probe_port(const network_device& device, std::uint16_t port);

}  // namespace kvc::ucx
