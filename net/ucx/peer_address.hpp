#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvc::ucx {

/// What peers need in order to read from a transport.
struct peer_address {
  std::uint64_t incarnation = 0;  ///< Random: names the transport.
  std::uint64_t base = 0;         ///< Where its process has the memory.
  std::uint64_t bytes = 0;        ///< Size of the memory; positive.
  std::uint16_t port = 0;
  std::string worker;      ///< The address that UCX itself uses.
  std::string remote_key;  ///< UCX's key; empty if the memory cannot be mapped.

  friend bool operator==(const peer_address&, const peer_address&) = default;
};

/// Packs an address. Only peers with the same `wire` can unpack it.
std::string pack(const peer_address& address, std::uint64_t wire);

/// Unpacks an address. Returns nothing if a bit of it is damaged or `wire`
/// differs. Only addresses from here may be given to UCX, which checks nothing.
std::optional<peer_address> unpack(std::string_view packed, std::uint64_t wire);

}  // namespace kvc::ucx
