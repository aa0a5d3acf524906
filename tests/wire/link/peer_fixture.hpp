#pragma once

#include "messages/peer.hpp"
#include "net/link/peer_links.hpp"
#include "tests/wire/link/link_fixture.hpp"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kvc::test {

/// Answers with what it was asked, so that a test knows who answered.
inline peer_actor::behavior_type fake_peer(const std::string& name) {
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

/// A worker process as far as its peers are concerned.
class peer_node {
 public:
  explicit peer_node(std::string name, peer_link_options options = {})
      : name_(std::move(name)),
        own_(node_.system().spawn(fake_peer, name_)),
        links_(node_.system(), own_, std::move(options)),
        port_(listen()) {}

  ~peer_node() { stop(); }

  peer_node(const peer_node&) = delete;
  peer_node& operator=(const peer_node&) = delete;

  /// Opens a port.
  std::uint16_t listen() {
    const auto port = links_.listen("127.0.0.1", 0);
    REQUIRE(port);
    return *port;
  }

  node& self() { return node_; }
  peer_links& links() { return links_; }
  const peer_actor& own() const { return own_; }
  const std::string& name() const { return name_; }
  std::uint16_t port() const { return port_; }

  void stop() {
    links_.stop();
    caf::anon_send_exit(own_, caf::exit_reason::user_shutdown);
  }

  caf::expected<peer_actor> dial(std::uint16_t port,
                                 const std::string& host = "127.0.0.1") {
    return node_.ask<peer_actor>(links_.dialer(), dial_peer{host, port});
  }

  /// Dials until it works.
  peer_actor link(std::uint16_t port) {
    auto result = dial(port);
    REQUIRE(eventually([&] { return result || (result = dial(port)); }));
    return *result;
  }

  /// Returns how a dial fails.
  std::string failure(std::uint16_t port) {
    const auto result = dial(port);
    return result ? "linked" : describe(result.error());
  }

  /// Returns who answers requests to `peer`.
  std::string name_of(const peer_actor& peer) {
    const auto lease = node_.ask<chunk_lease>(peer, lease_chunks{});
    return lease ? lease->dtype : describe(lease.error());
  }

 private:
  node node_;
  std::string name_;
  peer_actor own_;
  peer_links links_;
  std::uint16_t port_;
};

/// Dials until the answer is a peer whose link has not ended meanwhile.
inline peer_actor fresh_link(peer_node& dialler, std::uint16_t port) {
  std::optional<peer_actor> result;
  REQUIRE(eventually([&] {
    const auto peer = dialler.dial(port);
    if (peer && dialler.self().is_up(*peer))
      result = *peer;
    return result.has_value();
  }));
  return *result;
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

/// Returns how many links were accepted at `port`.
inline int links_at(std::uint16_t port) {
  int count = 0;
  for_each_connection(
    [&](int, std::uint16_t local, std::uint16_t) { count += local == port; });
  return count;
}

/// Cuts the connections that were accepted at `port`.
inline void cut_links_at(std::uint16_t port) {
  for_each_connection([&](int fd, std::uint16_t local, std::uint16_t) {
    if (local == port)
      ::shutdown(fd, SHUT_RDWR);
  });
}

}  // namespace kvc::test
