#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace kvc {

/// A TCP port that connections are accepted at. A failed attempt, for want of
/// file descriptors as a rule, is repeated after a pause. Use it from the
/// thread of its io_context, or while nothing runs there.
class tcp_listener {
 public:
  using tcp = boost::asio::ip::tcp;
  using error_code = boost::system::error_code;

  explicit tcp_listener(boost::asio::io_context& io)
      : acceptor_(io), pause_(io) {}

  /// Listens at the first address of `host`, at any free port if `port` is 0.
  /// Returns what was bound.
  tcp::endpoint listen(const std::string& host, std::uint16_t port,
                       error_code& failure) {
    const auto found = tcp::resolver{acceptor_.get_executor()}.resolve(
      host, std::to_string(port), tcp::resolver::passive, failure);
    const auto endpoint = failure ? tcp::endpoint{} : found.begin()->endpoint();
    if (!failure)
      acceptor_.open(endpoint.protocol(), failure);
    if (!failure)
      acceptor_.set_option(tcp::acceptor::reuse_address{true}, failure);
    if (!failure)
      acceptor_.bind(endpoint, failure);
    if (!failure)
      acceptor_.listen(tcp::acceptor::max_listen_connections, failure);
    return failure ? endpoint : acceptor_.local_endpoint(failure);
  }

  /// Accepts one connection, whose socket belongs to `io`, and calls `done`
  /// with it. Until then calls `failed` with the error of each attempt that
  /// fails.
  template <class Done, class Failed>
  void accept(boost::asio::io_context& io, Done done, Failed failed) {
    acceptor_.async_accept(
      io, [this, &io, done, failed](error_code failure, tcp::socket socket) {
        if (!acceptor_.is_open())
          return;
        if (!failure)
          return done(std::move(socket));
        failed(failure);
        pause_.expires_after(pause);
        pause_.async_wait([this, &io, done, failed](error_code aborted) {
          if (!aborted && acceptor_.is_open())
            accept(io, done, failed);
        });
      });
  }

  /// Ends accepting.
  void close() {
    error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
  }

 private:
  static constexpr std::chrono::milliseconds pause{100};

  tcp::acceptor acceptor_;
  boost::asio::steady_timer pause_;
};

}  // namespace kvc
