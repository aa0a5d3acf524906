#include "net/http/server.hpp"

#include "net/http/lane.hpp"

#include <spdlog/spdlog.h>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace kvc {

namespace {

using tcp = boost::asio::ip::tcp;
using error_code = boost::system::error_code;

constexpr std::chrono::milliseconds accept_pause{100};

}  // namespace

class http_server::impl {
 public:
  impl(caf::actor_system& system, router routes, http_server_options options)
      : context_(std::move(options), std::move(routes)) {
    const auto count = std::max<std::size_t>(context_.options.threads, 1);
    for (std::size_t i = 0; i < count; ++i)
      lanes_.push_back(std::make_unique<lane>(system, context_));
    acceptor_ = std::make_unique<tcp::acceptor>(lanes_.front()->io());
    pause_ = std::make_unique<boost::asio::steady_timer>(lanes_.front()->io());
  }

  caf::expected<std::uint16_t> start() {
    error_code error;
    const auto endpoint = resolve(error);
    if (!error)
      listen(endpoint, error);
    const auto port = error ? 0 : acceptor_->local_endpoint(error).port();
    if (error)
      return caf::make_error(caf::sec::cannot_open_port,
                             context_.options.host + ':' +
                               std::to_string(context_.options.port) + ": " +
                               error.message());
    accept();
    for (const auto& each : lanes_)
      each->start();
    is_running_ = true;
    return static_cast<std::uint16_t>(port);
  }

  void stop() {
    if (!std::exchange(is_running_, false))
      return;
    boost::asio::post(lanes_.front()->io(), [this] {
      error_code ignored;
      acceptor_->close(ignored);
      pause_->cancel();
    });
    for (const auto& each : lanes_)
      each->drain();
    for (const auto& each : lanes_)
      each->join();
  }

  std::size_t connections() const { return context_.connections(); }

 private:
  tcp::endpoint resolve(error_code& error) {
    const auto& options = context_.options;
    tcp::resolver resolver{lanes_.front()->io()};
    const auto found =
      resolver.resolve(options.host, std::to_string(options.port),
                       tcp::resolver::passive, error);
    return error ? tcp::endpoint{} : found.begin()->endpoint();
  }

  void listen(const tcp::endpoint& endpoint, error_code& error) {
    acceptor_->open(endpoint.protocol(), error);
    if (!error)
      acceptor_->set_option(tcp::acceptor::reuse_address{true}, error);
    if (!error)
      acceptor_->bind(endpoint, error);
    if (!error)
      acceptor_->listen(tcp::acceptor::max_listen_connections, error);
  }

  void accept() {
    auto& target = **std::min_element(lanes_.begin(), lanes_.end(),
                                      [](const auto& left, const auto& right) {
                                        return left->load() < right->load();
                                      });
    acceptor_->async_accept(
      target.io(), [this, &target](error_code error, tcp::socket socket) {
        on_accepted(error, std::move(socket), target);
      });
  }

  void on_accepted(error_code error, tcp::socket socket, lane& target) {
    if (!acceptor_->is_open())
      return;
    if (error)
      return accept_later(error);
    target.adopt(std::move(socket));
    accept();
  }

  /// Out of file descriptors, as a rule: waits for some to be closed.
  void accept_later(error_code error) {
    spdlog::warn("http: cannot accept, trying again: {}", error.message());
    pause_->expires_after(accept_pause);
    pause_->async_wait([this](error_code aborted) {
      if (!aborted && acceptor_->is_open())
        accept();
    });
  }

  server_context context_;
  std::vector<std::unique_ptr<lane>> lanes_;
  std::unique_ptr<tcp::acceptor> acceptor_;  // Both live on the first lane.
  std::unique_ptr<boost::asio::steady_timer> pause_;
  bool is_running_ = false;
};

http_server::http_server(caf::actor_system& system, router routes,
                         http_server_options options)
    : impl_(std::make_unique<impl>(system, std::move(routes),
                                   std::move(options))) {}

http_server::~http_server() { impl_->stop(); }

caf::expected<std::uint16_t> http_server::start() { return impl_->start(); }

void http_server::stop() { impl_->stop(); }

std::size_t http_server::connections() const { return impl_->connections(); }

}  // namespace kvc
