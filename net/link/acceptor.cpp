#include "net/link/acceptor.hpp"

#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "messages/repeated_log.hpp"
#include "net/link/inbound.hpp"
#include "net/link/socket_address.hpp"
#include "net/transport/tcp_listener.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/send.hpp>

#include <list>
#include <thread>
#include <utility>

namespace kvc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

caf::error cannot_listen(const acceptor_options& options,
                         const error_code& failure) {
  return caf::make_error(
    errc::unreachable, "cannot listen on " +
                         to_string(host_and_port{options.host, options.port}) +
                         ": " + failure.message());
}

}  // namespace

class link_acceptor::service : public inbound_host {
 public:
  service(const acceptor_options& options, std::shared_ptr<link_table> links,
          caf::actor_system& system, offered_actor offered)
      : options_(options),
        secret_(options.secret),
        links_(std::move(links)),
        system_(system),
        offered_(std::move(offered)) {}

  service(const service&) = delete;
  service& operator=(const service&) = delete;

  ~service() override {
    io_.stop();
    if (thread_.joinable())
      thread_.join();
    while (!pending_.empty())
      drop_oldest("the acceptor stopped");
    if (bound_.port != 0)
      forget_offer(system_, bound_.port, offered_);
  }

  caf::expected<host_and_port> start() {
    error_code failure;
    const auto endpoint =
      listener_.listen(options_.host.text(), options_.port, failure);
    if (failure)
      return cannot_listen(options_, failure);
    bound_ = to_host_and_port(endpoint);
    if (secret_.empty() && !bound_.host.is_loopback())
      spdlog::warn("link: anyone who reaches {} may join, no secret is set",
                   to_string(bound_));
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
    return bound_;
  }

  void set_secret(std::string secret) {
    asio::post(io_, [this, secret = std::move(secret)]() mutable {
      secret_ = std::move(secret);
    });
  }

 private:
  const std::string& secret() const override { return secret_; }

  asio::ip::address reachable(const asio::ip::address& peer) const override {
    // Who comes over the loopback is on this machine. Unless all others are,
    // too, they reach it where they reach us.
    return bound_.host.is_loopback() ? peer : away_from_loopback(peer);
  }

  link_table& links() override { return *links_; }

  std::shared_ptr<adopted_socket> adopt(link_place& place,
                                        const proven_socket& peer) override {
    auto request = make_serve_request(system_, peer, bound_.port, offered_);
    place.fill(request.socket);
    caf::anon_send(basp_broker(system_), std::move(request.message));
    return request.socket;
  }

  bool is_up(const adopted_socket& link) const override {
    return options_.awaits_introduction ? link.is_introduced()
                                        : link.is_established();
  }

  void refused(const inbound& peer, errc why,
               const std::string& detail) override {
    if (!options_.on_refused)
      return;
    refusal result;
    result.ip = peer.ip();
    result.reason = why;
    result.detail = to_string(why) + ": " + detail;
    options_.on_refused(result);
  }

  void finished(const inbound& peer, std::string_view reason) override {
    if (!reason.empty())
      warn_repeated("link: refused reason=\"" + std::string{reason} + '"',
                    "peer=" + peer.address());
    pending_.remove_if([&](const auto& one) { return one.get() == &peer; });
  }

  void accept() {
    listener_.accept(
      io_,
      [this](tcp::socket socket) {
        const auto peer = std::make_shared<inbound>(std::move(socket), *this);
        if (pending_.size() >= options_.max_pending_handshakes)
          drop_oldest("too many handshakes");  // Honest peers are quick.
        pending_.push_back(peer);
        peer->start(options_.handshake_timeout);
        accept();
      },
      [](const error_code& error) {
        warn_repeated("link: cannot accept, trying again reason=" +
                      error.message());
      });
  }

  void drop_oldest(std::string_view reason) {
    const auto oldest =
      pending_.front();  // A copy: end() takes it off the list.
    oldest->end(reason);
  }

  const acceptor_options& options_;
  std::string secret_;  ///< Used on the thread alone once that runs.
  std::shared_ptr<link_table> links_;
  caf::actor_system& system_;
  offered_actor offered_;
  host_and_port bound_;
  asio::io_context io_{1};
  tcp_listener listener_{io_};
  std::list<std::shared_ptr<inbound>> pending_;  ///< Oldest first.
  std::thread thread_;
};

link_acceptor::link_acceptor(acceptor_options options,
                             std::shared_ptr<link_table> links)
    : options_(std::move(options)), links_(std::move(links)) {}

link_acceptor::~link_acceptor() { stop(); }

caf::expected<host_and_port> link_acceptor::start(caf::actor_system& system,
                                                  offered_actor offered) {
  if (!links_)
    links_ = std::make_shared<link_table>(process_of(system.node()));
  service_ =
    std::make_unique<service>(options_, links_, system, std::move(offered));
  auto bound = service_->start();
  if (!bound)
    service_.reset();
  return bound;
}

caf::expected<host_and_port> link_acceptor::start(
  caf::actor_system& system, const registrar_actor& registrar) {
  return start(system, {caf::actor_cast<caf::strong_actor_ptr>(registrar),
                        system.message_types(registrar)});
}

void link_acceptor::set_secret(std::string secret) {
  if (service_)
    service_->set_secret(std::move(secret));
}

void link_acceptor::stop() { service_.reset(); }

}  // namespace kvc
