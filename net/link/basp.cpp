#include "net/link/basp.hpp"

#include "messages/repeated_log.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/scribe_impl.hpp>
#include <caf/send.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

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

/// Gives CAF only frames that frame_guard lets pass, each as a whole.
class guarded_scribe : public caf::io::network::scribe_impl {
 public:
  guarded_scribe(caf::io::network::default_multiplexer& backend, int fd,
                 const frame_guard& guard,
                 std::shared_ptr<adopted_socket> socket)
      : scribe_impl(backend, fd), socket_(std::move(socket)), guard_(guard) {}

  ~guarded_scribe() override { socket_->mark_closed(); }

  bool consume(caf::execution_unit* context, const void* data,
               std::size_t size) override {
    if (is_refused_)
      return true;
    const byte_span bytes{static_cast<const std::uint8_t*>(data), size};
    return std::exchange(awaits_payload_, false)
             ? consume_payload(context, bytes)
             : consume_header(context, bytes);
  }

  /// CAF closes a connection whose handshake is still going on at a heartbeat.
  /// If CAF has not begun to watch the socket by then, it would keep the socket
  /// for ever: so this lets go of it.
  void graceful_shutdown() override {
    scribe_impl::graceful_shutdown();
    if (guard_.is_established() && !is_refused_)
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
  bool consume_header(caf::execution_unit* context, byte_span bytes) {
    if (guard_.check_header(bytes) != frame_verdict::pass)
      return refuse();
    const auto length = guard_.payload_length();
    if (length == 0) {
      settle_repeated();  // Heartbeats come every second.
      return scribe_impl::consume(context, bytes.data(), bytes.size());
    }
    // CAF gets the header together with its payload.
    header_.assign(bytes.begin(), bytes.end());
    awaits_payload_ = true;
    stream_.configure_read(caf::io::receive_policy::exactly(length));
    return true;
  }

  bool consume_payload(caf::execution_unit* context, byte_span bytes) {
    const auto was_established = guard_.is_established();
    switch (guard_.check_payload(bytes)) {
      case frame_verdict::pass:
        break;
      case frame_verdict::drop:
        stream_.configure_read(
          caf::io::receive_policy::exactly(frame_guard::header_bytes));
        return true;
      case frame_verdict::refuse:
        return refuse();
    }
    // CAF takes what lies in this buffer, and puts it back.
    rd_buf().swap(header_);
    scribe_impl::consume(context, rd_buf().data(), rd_buf().size());
    rd_buf().swap(header_);
    const auto goes_on =
      scribe_impl::consume(context, rd_buf().data(), rd_buf().size());
    if (!was_established) {
      socket_->mark_established();
      end_spawn_helper();
    }
    return goes_on;
  }

  /// Answering false to CAF would only stop the reading. Cut off, CAF reads the
  /// end of the stream and cleans up as after any other loss.
  bool refuse() {
    is_refused_ = true;
    warn_repeated("link: cut reason=\"" + std::string{guard_.reason()} + '"',
                  "peer=" + addr() + ':' + std::to_string(port()));
    socket_->cut();
    return true;
  }

  /// For each node CAF keeps an actor for ever that wants to hear how to spawn
  /// actors there, which the guard prevents. Until it hears it keeps all that
  /// the peer sends it.
  void end_spawn_helper() {
    if (detached())
      return;
    auto& broker = dynamic_cast<caf::io::basp_broker&>(*parent());
    const auto node = broker.instance.tbl().lookup_direct(hdl());
    const auto it = broker.spawn_servers.find(node);
    if (it == broker.spawn_servers.end())
      return;
    caf::anon_send_exit(it->second, caf::exit_reason::kill);
    broker.spawn_servers.erase(it);
  }

  std::shared_ptr<adopted_socket> socket_;
  frame_guard guard_;
  std::vector<char> header_;
  bool awaits_payload_ = false;
  bool is_refused_ = false;
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
  caf::actor_system& system, const proven_socket& peer, link_side side) {
  tune(peer.fd);
  auto socket = std::make_shared<adopted_socket>(peer.fd);
  auto& backend = dynamic_cast<caf::io::network::default_multiplexer&>(
    system.middleman().backend());
  const frame_guard guard{side, system.node(), peer.peer};
  return {caf::make_counted<guarded_scribe>(backend, peer.fd, guard, socket),
          socket};
}

}  // namespace

caf::actor basp_broker(caf::actor_system& system) {
  return system.middleman().named_broker<caf::io::basp_broker>(
    caf::atom("BASP"));
}

handover make_serve_request(caf::actor_system& system,
                            const proven_socket& client, std::uint16_t port,
                            const offered_actor& offered) {
  auto [scribe, socket] = adopt(system, client, link_side::server);
  return {caf::make_message(caf::publish_atom_v, std::move(scribe), port,
                            offered.actor, offered.signatures),
          socket};
}

void forget_offer(caf::actor_system& system, std::uint16_t port,
                  const offered_actor& offered) {
  caf::anon_send(basp_broker(system), caf::unpublish_atom_v,
                 caf::actor_cast<caf::actor_addr>(offered.actor), port);
}

handover make_connect_request(caf::actor_system& system,
                              const proven_socket& server, std::uint16_t port) {
  auto [scribe, socket] = adopt(system, server, link_side::client);
  return {caf::make_message(caf::connect_atom_v, std::move(scribe), port),
          socket};
}

}  // namespace kvc
