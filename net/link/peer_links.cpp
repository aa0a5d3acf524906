#include "net/link/peer_links.hpp"

#include "messages/errors.hpp"
#include "net/link/acceptor.hpp"
#include "net/link/connector.hpp"
#include "net/link/peer_dialer.hpp"

#include <caf/send.hpp>

#include <utility>
#include <vector>

namespace kvc {

struct peer_links::parts {
  caf::actor_system& system;
  std::shared_ptr<link_table> links;
  std::shared_ptr<link_connector> connector;
  offered_actor door;
  std::vector<std::unique_ptr<link_acceptor>> acceptors;
};

std::chrono::milliseconds dial_timeout(const peer_link_options& options) {
  return options.connect_timeout + options.handshake_timeout +
         options.caf_timeout + options.introduction_timeout;
}

peer_links::peer_links(caf::actor_system& system, const peer_actor& own,
                       peer_link_options options)
    : options_(std::move(options)) {
  auto links = std::make_shared<link_table>(process_of(system.node()));
  connector_options dialing;
  dialing.secret = options_.secret;
  dialing.connect_timeout = options_.connect_timeout;
  dialing.handshake_timeout = options_.handshake_timeout;
  dialing.caf_timeout = options_.caf_timeout;
  auto connector =
    std::make_shared<link_connector>(system, std::move(dialing), links);
  peer_dialer_settings settings;
  settings.own = own;
  settings.connector = connector;
  settings.links = links;
  settings.introduction_timeout = options_.introduction_timeout;
  settings.dial_timeout = dial_timeout(options_);
  settings.max_peers = options_.max_peers;
  const auto actor = system.spawn(peer_dialer, settings);
  dialer_ = actor;
  offered_actor door{caf::actor_cast<caf::strong_actor_ptr>(actor),
                     system.message_types<peer_door_actor>()};
  parts_ = std::make_unique<parts>(
    parts{system, std::move(links), std::move(connector), std::move(door), {}});
}

peer_links::~peer_links() { stop(); }

caf::expected<host_and_port> peer_links::listen(const host_address& host,
                                                std::uint16_t port) {
  if (!parts_)
    return caf::make_error(errc::unreachable, "the peer links have stopped");
  acceptor_options accepting;
  accepting.host = host;
  accepting.port = port;
  accepting.secret = options_.secret;
  accepting.handshake_timeout = options_.handshake_timeout;
  accepting.awaits_introduction = true;
  accepting.max_pending_handshakes = options_.max_pending_handshakes;
  auto acceptor =
    std::make_unique<link_acceptor>(std::move(accepting), parts_->links);
  auto bound = acceptor->start(parts_->system, parts_->door);
  if (bound)
    parts_->acceptors.push_back(std::move(acceptor));
  return bound;
}

void peer_links::set_secret(const std::string& secret) {
  options_.secret = secret;  // For ports to come.
  if (!parts_)
    return;
  parts_->connector->set_secret(secret);
  for (const auto& each : parts_->acceptors)
    each->set_secret(secret);
}

void peer_links::stop() {
  if (!parts_)
    return;
  parts_->acceptors.clear();
  parts_->connector->stop();
  caf::anon_send_exit(dialer_, caf::exit_reason::user_shutdown);
  dialer_ = nullptr;
  parts_.reset();
}

}  // namespace kvc
