#include "net/http/server.hpp"

#include "messages/repeated_log.hpp"
#include "net/http/lane.hpp"
#include "net/transport/tcp_listener.hpp"

#include <boost/asio/post.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace kvc {

namespace {

using tcp = boost::asio::ip::tcp;
using error_code = boost::system::error_code;

}  // namespace

class http_server::impl {
 public:
  impl(caf::actor_system& system, router routes, http_server_options options)
      : context_(std::move(options), std::move(routes)) {
    const auto count = std::max<std::size_t>(context_.options.threads, 1);
    for (std::size_t i = 0; i < count; ++i) {
      helpers_.push_back(std::make_unique<lane>(system, context_, nullptr));
      lanes_.push_back(
        std::make_unique<lane>(system, context_, helpers_.back().get()));
      context_.lanes.push_back(lanes_.back().get());
    }
    listener_ = std::make_unique<tcp_listener>(lanes_.front()->io());
  }

  caf::expected<std::uint16_t> start() {
    const auto& options = context_.options;
    error_code error;
    const auto bound =
      listener_->listen(options.host.text(), options.port, error);
    if (error)
      return caf::make_error(
        caf::sec::cannot_open_port,
        to_string(host_and_port{options.host, options.port}) + ": " +
          error.message());
    accept();
    for (const auto* all : {&helpers_, &lanes_})
      for (const auto& each : *all)
        each->start();
    is_running_ = true;
    return bound.port();
  }

  void stop() {
    if (!std::exchange(is_running_, false))
      return;
    boost::asio::post(lanes_.front()->io(), [this] { listener_->close(); });
    // The helpers last: what they do is asked by connections of the lanes.
    for (const auto* all : {&lanes_, &helpers_}) {
      for (const auto& each : *all)
        each->drain();
      for (const auto& each : *all)
        each->join();
    }
  }

  std::size_t connections() const { return context_.connections(); }

 private:
  void accept() {
    auto& target = **std::min_element(lanes_.begin(), lanes_.end(),
                                      [](const auto& left, const auto& right) {
                                        return left->load() < right->load();
                                      });
    listener_->accept(
      target.io(),
      [this, &target](tcp::socket socket) {
        target.adopt(std::move(socket));
        accept();
      },
      [](const error_code& error) {
        warn_repeated("http: cannot accept, trying again reason=" +
                      error.message());
      });
  }

  server_context context_;
  std::vector<std::unique_ptr<lane>> lanes_;
  // After the lanes: what helpers drop at their end still answers there.
  std::vector<std::unique_ptr<lane>> helpers_;
  std::unique_ptr<tcp_listener> listener_;  // Lives on the first lane.
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
