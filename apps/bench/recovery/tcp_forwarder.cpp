#include "apps/bench/recovery/tcp_forwarder.hpp"

#include "apps/bench/loopback_socket.hpp"
#include "messages/errors.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <array>
#include <cerrno>
#include <cstring>

namespace kvc {

namespace {

/// Returns a socket that listens on `port`, or on any if that is 0; else none.
file_descriptor new_listener(std::uint16_t port) {
  auto result = new_socket();
  if (!listen_on(result, port))
    result.close();
  return result;
}

/// Sends at once; gives up on a peer that does not read for seconds.
void configure(const file_descriptor& fd) {
  send_without_delay(fd);
  const timeval patience{5, 0};
  setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/// Forwards what is there to read. Returns false at the end.
bool pump(const file_descriptor& from, const file_descriptor& to) {
  std::array<char, 65536> bytes;  // NOLINT(*-member-init): written by recv.
  const auto size = recv(from.get(), bytes.data(), bytes.size(), 0);
  for (ssize_t sent = 0; sent < size;) {
    const auto more = send(to.get(), bytes.data() + sent,
                           static_cast<std::size_t>(size - sent), MSG_NOSIGNAL);
    if (more <= 0)
      return false;
    sent += more;
  }
  return size > 0;
}

caf::error unreachable() {
  return caf::make_error(errc::unreachable,
                         std::string{"forwarder: "} + strerror(errno));
}

}  // namespace

caf::expected<std::unique_ptr<tcp_forwarder>> tcp_forwarder::start(
  std::uint16_t target_port) {
  std::unique_ptr<tcp_forwarder> result{new tcp_forwarder{target_port}};
  result->wake_ = file_descriptor{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  result->listener_ = new_listener(0);
  if (!result->wake_ || !result->listener_)
    return unreachable();
  result->port_ = port_of(result->listener_);
  result->thread_ = std::thread{[raw = result.get()] { raw->run(); }};
  return result;
}

tcp_forwarder::~tcp_forwarder() {
  if (!thread_.joinable())
    return;
  {
    const std::lock_guard guard{mutex_};
    is_stopped_ = true;
  }
  wake();
  thread_.join();
}

void tcp_forwarder::cut() {
  {
    const std::lock_guard guard{mutex_};
    ++cuts_;
    listener_.close();
    connections_.clear();
  }
  wake();
}

caf::expected<void> tcp_forwarder::heal() {
  {
    const std::lock_guard guard{mutex_};
    if (!listener_)
      listener_ = new_listener(port_);
    if (!listener_)
      return unreachable();
  }
  wake();
  return caf::unit;
}

void tcp_forwarder::wake() const { eventfd_write(wake_.get(), 1); }

void tcp_forwarder::run() {
  for (;;) {
    {
      const std::lock_guard guard{mutex_};
      if (is_stopped_)
        return;
    }
    serve_once();
  }
}

/// Waits for something to do and does it. Polls without the lock, so that a cut
/// needs not wait.
void tcp_forwarder::serve_once() {
  std::unique_lock guard{mutex_};
  const auto cuts = cuts_;
  std::vector<pollfd> files{{wake_.get(), POLLIN, 0},
                            {listener_.get(), POLLIN, 0}};
  for (const auto& each : connections_) {
    files.push_back({each.client.get(), POLLIN, 0});
    files.push_back({each.server.get(), POLLIN, 0});
  }
  guard.unlock();
  poll(files.data(), files.size(), -1);
  eventfd_t ignored = 0;
  eventfd_read(wake_.get(), &ignored);
  guard.lock();
  if (cuts != cuts_)
    return;
  std::size_t at = 2;
  std::erase_if(connections_, [&](const connection& each) {
    const auto from_client = files[at++].revents != 0;
    const auto from_server = files[at++].revents != 0;
    return (from_client && !pump(each.client, each.server)) ||
           (from_server && !pump(each.server, each.client));
  });
  if (files[1].revents != 0)
    accept_one();
}

void tcp_forwarder::accept_one() {
  file_descriptor client{
    accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  auto server = new_socket();
  if (!client || !connect_to(server, target_port_))
    return;
  configure(client);
  configure(server);
  connections_.push_back({std::move(client), std::move(server)});
}

}  // namespace kvc
