#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kvc::ucx {

/// What peers need to read from a transport.
struct peer_address {
  std::uint64_t incarnation = 0;  ///< Random: tells transports apart.
  std::uint64_t base = 0;         ///< Where its memory begins in its process.
  std::uint64_t bytes = 0;        ///< Of its memory; positive.
  std::uint16_t port = 0;
  std::string worker;      ///< UCX's own address.
  std::string remote_key;  ///< Empty if the memory cannot be mapped.

  friend bool operator==(const peer_address&, const peer_address&) = default;
};

/// Packs an address. Only those with the same `wire` can unpack it.
std::string pack(const peer_address& address, std::uint64_t wire);

/// Unpacks an address, or returns nothing if a bit of it is damaged or `wire`
/// differs. UCX must see no other: it trusts what it is given.
std::optional<peer_address> unpack(std::string_view packed, std::uint64_t wire);

}  // namespace kvc::ucx
