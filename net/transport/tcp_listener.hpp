#pragma once

#include "net/transport/tcp_socket.hpp"

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
      open_private(acceptor_, endpoint.protocol(), failure);
    if (!failure)
      acceptor_.set_option(tcp::acceptor::reuse_address{true}, failure);
    if (!failure)
      acceptor_.bind(endpoint, failure);
    if (!failure)
      acceptor_.listen(tcp::acceptor::max_listen_connections, failure);
    if (!failure)
      acceptor_.native_non_blocking(true, failure);
    protocol_ = endpoint.protocol();
    return failure ? endpoint : acceptor_.local_endpoint(failure);
  }

  /// Accepts one connection, whose socket belongs to `io`, and calls `done`
  /// with it. Until then calls `failed` with the error of each attempt that
  /// fails.
  template <class Done, class Failed>
  void accept(boost::asio::io_context& io, Done done, Failed failed) {
    acceptor_.async_wait(
      tcp::acceptor::wait_read, [this, &io, done, failed](error_code failure) {
        if (!acceptor_.is_open())
          return;
        tcp::socket socket{io};
        if (!failure)
          take(socket, failure);
        if (!failure)
          return done(std::move(socket));
        if (failure == boost::asio::error::would_block ||
            failure == boost::asio::error::connection_aborted)
          return accept(io, done, failed);  // The client has gone again.
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

  /// Asio's own accept leaves the socket to children of this process.
  void take(tcp::socket& into, error_code& failure) {
    const auto fd =
      ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_CLOEXEC);
    adopt_descriptor(into, protocol_, fd, failure);
  }

  tcp::acceptor acceptor_;
  tcp protocol_ = tcp::v4();
  boost::asio::steady_timer pause_;
};

}  // namespace kvc
