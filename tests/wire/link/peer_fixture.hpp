#pragma once

#include "messages/peer.hpp"
#include "net/link/peer_links.hpp"
#include "tests/wire/link/link_fixture.hpp"

#include <cstdint>
#include <string>

namespace kvc::test {

/// Answers with what it was asked, so that a test knows who answered.
peer_actor spawn_fake_peer(caf::actor_system& system, const std::string& name);

/// A worker process as far as its peers are concerned.
class peer_node {
 public:
  explicit peer_node(std::string name, peer_link_options options = {});
  ~peer_node();

  peer_node(const peer_node&) = delete;
  peer_node& operator=(const peer_node&) = delete;

  /// Opens a port.
  std::uint16_t listen(const host_address& host = "127.0.0.1");

  node& self() { return node_; }
  peer_links& links() { return links_; }
  const peer_actor& own() const { return own_; }
  const std::string& name() const { return name_; }
  std::uint16_t port() const { return port_; }

  void stop();

  caf::expected<peer_actor> dial(std::uint16_t port,
                                 const std::string& host = "127.0.0.1");

  /// Dials until it works.
  peer_actor link(std::uint16_t port);

  /// Returns how a dial fails.
  std::string failure(std::uint16_t port);

  /// Returns who answers requests to `peer`.
  std::string name_of(const peer_actor& peer);

 private:
  node node_;
  std::string name_;
  peer_actor own_;
  peer_links links_;
  std::uint16_t port_;
};

/// Dials until the answer is a peer whose link has not ended meanwhile.
peer_actor fresh_link(peer_node& dialler, std::uint16_t port);

/// Returns how many links were accepted at `port`.
int links_at(std::uint16_t port);

/// Cuts the connections that were accepted at `port`.
void cut_links_at(std::uint16_t port);

}  // namespace kvc::test
