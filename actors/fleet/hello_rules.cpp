#include "actors/fleet/hello_rules.hpp"

#include "actors/hashing/chunk_hasher.hpp"
#include "config/host_address.hpp"
#include "config/instance_id.hpp"
#include "config/short_text.hpp"
#include "messages/errors.hpp"

#include <algorithm>
#include <string_view>

namespace kvc {

namespace {

constexpr std::size_t max_transfer_address = std::size_t{16} * 1024;
constexpr std::uint32_t max_ranks = 1024;

caf::error invalid(std::string_view what) {
  return caf::make_error(errc::invalid_request, std::string{what});
}

/// Returns whether peers may find one host there.
bool is_reachable(const host_address& address) {
  return address.is_valid() && !address.is_wildcard();
}

caf::error check_profile(const worker_profile& profile) {
  if (!is_instance_id(profile.id.instance))
    return invalid("lmcache_instance_id: must be " +
                   std::string{instance_id_rule});
  if (profile.rank_count == 0 || profile.rank_count > max_ranks)
    return invalid("rank_count: must be 1 to 1024");
  if (profile.id.rank >= profile.rank_count)
    return invalid("rank: must be less than rank_count");
  if (!is_short_printable(profile.model))
    return invalid("model: must be at most 256 printable characters");
  if (!profile.ip.empty() && !is_reachable(profile.ip))
    return invalid("ip: must be an address or a name of one host");
  const auto url = read_host_and_port(profile.peer_url, 0);
  if (!profile.peer_url.empty() && (!url || url->port == 0))
    return invalid("peer_url: must be host:port");
  if (profile.transfer_address.size() > max_transfer_address)
    return invalid("transfer_address: too long");
  return caf::none;
}

}  // namespace

bool is_valid(const std::vector<location_usage>& usage) {
  return usage.size() <= location_count &&
         std::all_of(usage.begin(), usage.end(), [](const auto& x) {
           return static_cast<std::size_t>(x.where) < location_count;
         });
}

caf::error check_hello(const register_worker& hello,
                       const hash_settings& hashing, std::uint64_t canary) {
  if (hello.version != protocol_version)
    return caf::make_error(errc::version_mismatch,
                           "protocol version: controller " +
                             std::to_string(protocol_version) + ", worker " +
                             std::to_string(hello.version));
  if (!hello.actor)
    return invalid("actor: missing");
  if (auto error = check_profile(hello.profile))
    return error;
  if (!is_valid(hello.usage))
    return invalid("usage");
  if (const auto difference = describe_difference(hashing, hello.hashing);
      !difference.empty())
    return caf::make_error(errc::hashing_mismatch, difference);
  if (hello.canary != canary)
    return caf::make_error(errc::hashing_mismatch,
                           "canary: controller " + std::to_string(canary) +
                             ", worker " + std::to_string(hello.canary));
  return caf::none;
}

}  // namespace kvc
