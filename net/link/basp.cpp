#include "net/link/basp.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/basp/header.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/scribe_impl.hpp>
#include <caf/send.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>
#include <set>
#include <string>
#include <utility>

namespace kvc {

bool adopted_socket::is_open() const {
  const std::lock_guard lock{mutex_};
  return fd_ >= 0;
}

bool adopted_socket::is_established() const {
  const std::lock_guard lock{mutex_};
  return is_established_;
}

bool adopted_socket::is_introduced() const {
  const std::lock_guard lock{mutex_};
  return is_introduced_;
}

void adopted_socket::mark_introduced() {
  const std::lock_guard lock{mutex_};
  is_introduced_ = true;
}

void adopted_socket::cut() {
  const std::lock_guard lock{mutex_};
  if (fd_ >= 0)
    ::shutdown(fd_, SHUT_RDWR);
}

void adopted_socket::mark_established() {
  const std::lock_guard lock{mutex_};
  is_established_ = true;
}

void adopted_socket::mark_closed() {
  const std::lock_guard lock{mutex_};
  fd_ = -1;
}

/// Refuses two kinds of headers that bring CAF down: for one that announces too
/// many bytes CAF allocates all of them, and after one that announces none
/// where there must be some it dereferences a null pointer.
class guarded_scribe : public caf::io::network::scribe_impl {
 public:
  guarded_scribe(caf::io::network::default_multiplexer& backend, int fd,
                 link_side side, std::shared_ptr<adopted_socket> socket)
      : scribe_impl(backend, fd), socket_(std::move(socket)), side_(side) {}

  ~guarded_scribe() override { socket_->mark_closed(); }

  bool consume(caf::execution_unit* context, const void* data,
               std::size_t size) override {
    if (phase_ == phase::refused)
      return true;
    const auto is_payload = std::exchange(awaits_payload_, false);
    if (!is_payload && !accepts_header(data, size)) {
      // Answering false here would only stop the reading. Cut off, CAF reads
      // the end of the stream and cleans up as after any other loss.
      phase_ = phase::refused;
      socket_->cut();
      return true;
    }
    const auto goes_on = scribe_impl::consume(context, data, size);
    if (is_payload && phase_ == phase::handshake) {
      phase_ = phase::established;
      socket_->mark_established();
    }
    return goes_on;
  }

  /// CAF closes a connection whose handshake is still going on at a heartbeat.
  /// If CAF has not begun to watch the socket by then, it would keep the socket
  /// for ever: so this lets go of it.
  void graceful_shutdown() override {
    scribe_impl::graceful_shutdown();
    if (phase_ == phase::established)
      return;
    socket_->cut();
    socket_->mark_closed();
    stream_.backend().post([self = caf::intrusive_ptr<guarded_scribe>{this}] {
      using caf::io::network::operation;
      if (self->stream_.eventbf() != 0)
        return;  // It will read the end of the stream.
      self->stream_.removed_from_loop(operation::read);
      self->stream_.removed_from_loop(operation::write);
    });
  }

 private:
  enum class phase { handshake, established, refused };

  static constexpr std::uint32_t max_payload = 16U << 20U;
  static constexpr std::uint32_t max_handshake = 64U << 10U;

  bool accepts_header(const void* data, std::size_t size) {
    using caf::io::basp::message_type;
    if (size != caf::io::basp::header_size)
      return false;
    const auto* bytes = static_cast<const unsigned char*>(data);
    std::uint32_t length = 0;
    for (int i = 4; i < 8; ++i)
      length = length << 8U | bytes[i];
    awaits_payload_ = length > 0;
    const auto type = static_cast<message_type>(bytes[0]);
    // Clients repeat their handshake, which CAF ignores.
    if (type == message_type::client_handshake)
      return side_ == link_side::server && length > 0 &&
             length <= max_handshake;
    if (type == message_type::server_handshake)
      return side_ == link_side::client && phase_ == phase::handshake &&
             length > 0 && length <= max_handshake;
    return phase_ == phase::established && length <= max_payload &&
           (length > 0 || type == message_type::heartbeat);
  }

  std::shared_ptr<adopted_socket> socket_;
  link_side side_;
  phase phase_ = phase::handshake;
  bool awaits_payload_ = false;
};

namespace {

/// After so long without acknowledgement a peer is given up, so that unsent
/// data does not hold up the end of the process.
constexpr unsigned user_timeout_ms = 5000;

void tune(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms,
               sizeof user_timeout_ms);
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
}

std::pair<caf::io::scribe_ptr, std::shared_ptr<adopted_socket>> adopt(
  caf::actor_system& system, int fd, link_side side) {
  tune(fd);
  auto socket = std::make_shared<adopted_socket>(fd);
  auto& backend = dynamic_cast<caf::io::network::default_multiplexer&>(
    system.middleman().backend());
  return {caf::make_counted<guarded_scribe>(backend, fd, side, socket), socket};
}

}  // namespace

caf::actor basp_broker(caf::actor_system& system) {
  return system.middleman().named_broker<caf::io::basp_broker>(
    caf::atom("BASP"));
}

handover make_serve_request(caf::actor_system& system, int fd,
                            std::uint16_t port, const offered_actor& offered) {
  auto [scribe, socket] = adopt(system, fd, link_side::server);
  return {caf::make_message(caf::publish_atom_v, std::move(scribe), port,
                            offered.actor, offered.signatures),
          socket};
}

void forget_offer(caf::actor_system& system, std::uint16_t port,
                  const offered_actor& offered) {
  caf::anon_send(basp_broker(system), caf::unpublish_atom_v,
                 caf::actor_cast<caf::actor_addr>(offered.actor), port);
}

handover make_connect_request(caf::actor_system& system, int fd,
                              std::uint16_t port) {
  auto [scribe, socket] = adopt(system, fd, link_side::client);
  return {caf::make_message(caf::connect_atom_v, std::move(scribe), port),
          socket};
}

}  // namespace kvc
