#pragma once

#include <cstdint>
#include <string>

namespace kvc::ucx {

/// A network interface of this machine, or why there is none.
struct network_device {
  std::string name;     ///< UCX's: "lo", "eth0"; "all" for a wildcard.
  std::string address;  ///< In digits.
  std::string error;    ///< Empty if it was found.
};

/// Returns the interface that has the address of `host`, a name or an address.
network_device find_device(const std::string& host);

/// Returns whether the port can be bound at `device`; 0 if the system knows no
/// port, else the port that it chose for a `port` of 0.
std::uint16_t probe_port(const network_device& device, std::uint16_t port);

}  // namespace kvc::ucx
