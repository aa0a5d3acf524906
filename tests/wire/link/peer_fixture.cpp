#include "tests/wire/link/peer_fixture.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdlib>
#include <optional>
#include <utility>

namespace kvc::test {
namespace {

peer_actor::behavior_type fake_peer(const std::string& name) {
  return {
    [name](const lease_chunks& request) {
      chunk_lease result;
      result.lease_id = request.max_chunks;
      result.valid_for = request.valid_for;
      result.dtype = name;
      for (const auto hash : request.hashes.keys)
        result.chunks.push_back({.hash = hash});
      return result;
    },
    [](const renew_chunk_lease& request) {
      return lease_term{request.valid_for};
    },
    [](const end_chunk_lease&) {},
    [](const surrender_chunks&) { return surrender_report{.dropped = 7}; },
  };
}

/// Calls `visit(fd, local port, remote port)` for this process's connections.
template <class Visit>
void for_each_connection(Visit visit) {
  auto* const directory = ::opendir("/proc/self/fd");
  while (const auto* item = ::readdir(directory)) {
    const auto fd = std::atoi(item->d_name);
    sockaddr_in local{};
    sockaddr_in remote{};
    socklen_t size = sizeof local;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0 ||
        local.sin_family != AF_INET)
      continue;
    size = sizeof remote;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&remote), &size) == 0)
      visit(fd, ntohs(local.sin_port), ntohs(remote.sin_port));
  }
  ::closedir(directory);
}

}  // namespace

peer_actor spawn_fake_peer(caf::actor_system& system, const std::string& name) {
  return system.spawn(fake_peer, name);
}

peer_node::peer_node(std::string name, peer_link_options options)
    : name_(std::move(name)),
      own_(spawn_fake_peer(node_.system(), name_)),
      links_(node_.system(), own_, std::move(options)),
      port_(listen()) {}

peer_node::~peer_node() { stop(); }

std::uint16_t peer_node::listen(const host_address& host) {
  const auto bound = links_.listen(host, 0);
  REQUIRE(bound);
  return bound->port;
}

void peer_node::stop() {
  links_.stop();
  caf::anon_send_exit(own_, caf::exit_reason::user_shutdown);
}

caf::expected<peer_actor> peer_node::dial(std::uint16_t port,
                                          const std::string& host) {
  return node_.ask<peer_actor>(links_.dialer(), dial_peer{host, port});
}

peer_actor peer_node::link(std::uint16_t port) {
  auto result = dial(port);
  REQUIRE(eventually([&] { return result || (result = dial(port)); }));
  return *result;
}

std::string peer_node::failure(std::uint16_t port) {
  const auto result = dial(port);
  return result ? "linked" : describe(result.error());
}

std::string peer_node::name_of(const peer_actor& peer) {
  const auto lease = node_.ask<chunk_lease>(peer, lease_chunks{});
  return lease ? lease->dtype : describe(lease.error());
}

peer_actor fresh_link(peer_node& dialler, std::uint16_t port) {
  std::optional<peer_actor> result;
  REQUIRE(eventually([&] {
    const auto peer = dialler.dial(port);
    if (peer && dialler.self().is_up(*peer))
      result = *peer;
    return result.has_value();
  }));
  return *result;
}

int links_at(std::uint16_t port) {
  int count = 0;
  for_each_connection(
    [&](int, std::uint16_t local, std::uint16_t) { count += local == port; });
  return count;
}

void cut_links_at(std::uint16_t port) {
  for_each_connection([&](int fd, std::uint16_t local, std::uint16_t) {
    if (local == port)
      ::shutdown(fd, SHUT_RDWR);
  });
}

}  // namespace kvc::test
