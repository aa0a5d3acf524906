#include "net/link/outbound.hpp"

#include "messages/registry.hpp"
#include "net/link/socket_address.hpp"
#include "net/transport/tcp_socket.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace kvc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

/// Returns whether the kernel connected the socket to itself. It may do so when
/// nobody listens on a local port of the ephemeral range.
bool is_connected_to_itself(const tcp::socket& socket) {
  error_code failure;
  const auto local = socket.local_endpoint(failure);
  return !failure && local == socket.remote_endpoint(failure);
}

}  // namespace

outbound::outbound(asio::io_context& io, outbound_settings settings,
                   link_connector::callback done)
    : settings_(std::move(settings)),
      done_(std::move(done)),
      socket_(io),
      deadline_(io),
      hello_(make_client_hello(settings_.self)) {}

void outbound::start(name_resolver& resolver) {
  set_deadline(settings_.options.connect_timeout, "connecting");
  resolver_ = &resolver;
  ticket_ = resolver.resolve(
    settings_.target.host.text(), settings_.target.port,
    [self = shared_from_this()](const error_code& failure,
                                const name_resolver::endpoints& endpoints) {
      if (failure)
        return self->fail(errc::unreachable, failure.message());
      self->connect(endpoints, 0);
    });
}

void outbound::set_deadline(std::chrono::milliseconds timeout,
                            std::string_view doing) {
  deadline_.expires_after(timeout);
  deadline_.async_wait([self = shared_from_this(), doing](error_code failure) {
    if (!failure)
      self->fail(errc::timed_out, doing);
  });
}

/// Tries one endpoint after the other. Asio's async_connect does so as well,
/// but opens sockets that children of this process inherit.
void outbound::connect(const name_resolver::endpoints& endpoints,
                       std::size_t next) {
  if (!done_)
    return;  // The deadline came first.
  if (next == endpoints.size())
    return fail(errc::unreachable, "no address");
  error_code failure;
  socket_.close(failure);
  open_private(socket_, endpoints[next].protocol(), failure);
  if (failure)
    return fail(errc::unreachable, failure.message());
  socket_.async_connect(endpoints[next], [self = shared_from_this(), endpoints,
                                          next](error_code failed) {
    if (failed && next + 1 < endpoints.size())
      return self->connect(endpoints, next + 1);
    if (failed)
      return self->fail(errc::unreachable, failed.message());
    if (is_connected_to_itself(self->socket_))
      return self->fail(errc::unreachable, "nobody listens");
    self->say_hello();
  });
}

template <class Buffer>
void outbound::send(Buffer buffer) {
  asio::async_write(
    socket_, buffer,
    [self = shared_from_this()](error_code failure, std::size_t) {
      if (failure)
        self->fail(errc::unreachable, failure.message());
    });
}

template <class Buffer, class Next>
void outbound::read(Buffer buffer, Next next) {
  asio::async_read(
    socket_, buffer,
    [self = shared_from_this(), next](error_code failure, std::size_t) {
      if (failure)
        return self->fail(errc::unreachable,
                          "the peer closed the connection in "
                          "the handshake");
      if (self->done_)
        next(*self);
    });
}

void outbound::say_hello() {
  set_deadline(settings_.options.handshake_timeout,
               "waiting for the handshake");
  send(asio::buffer(hello_));
  read(asio::buffer(answer_, preamble_bytes),
       [](outbound& self) { self.check_version(); });
}

void outbound::check_version() {
  if (!starts_like_hello(answer_))
    return fail(errc::unreachable, "not a kvc process");
  const auto version = version_in(answer_);
  if (version != protocol_version)
    return fail(errc::version_mismatch,
                "the peer speaks version " + std::to_string(version) +
                  ", ours is " + std::to_string(protocol_version));
  read(asio::buffer(answer_) + preamble_bytes,
       [](outbound& self) { self.check_answer(); });
}

void outbound::check_answer() {
  const auto& secret = settings_.options.secret;
  if (!is_server_proven(hello_, answer_, secret))
    return tell_distrust();
  result_.peer = process_in(answer_);
  if (settings_.links) {
    result_.place = settings_.links->claim(result_.peer);
    if (!result_.place)
      return leave();
  }
  proof_ = make_client_proof(hello_, answer_, secret);
  send(asio::buffer(proof_));
  read(asio::buffer(&verdict_, 1),
       [](outbound& self) { self.check_verdict(); });
}

/// Sends zeros: a proof would let a false server guess secrets.
void outbound::tell_distrust() {
  proof_ = {};
  asio::async_write(socket_, asio::buffer(proof_),
                    [self = shared_from_this()](error_code, std::size_t) {
                      self->fail(errc::unauthorized,
                                 "the peer has another secret");
                    });
}

void outbound::leave() {
  proof_ = make_farewell(hello_, answer_, settings_.options.secret);
  asio::async_write(
    socket_, asio::buffer(proof_),
    [self = shared_from_this()](error_code, std::size_t) { self->finish(); });
}

host_address outbound::own_address() const {
  auto seen = to_host_address(address_in(answer_));
  if (!seen.is_wildcard() && !seen.is_loopback())
    return seen;
  error_code failure;
  return to_host_address(socket_.local_endpoint(failure).address());
}

void outbound::check_verdict() {
  if (verdict_ == verdict::accepted) {
    result_.own_address = own_address();
    result_.socket = std::make_shared<linked_socket>(socket_.release());
  } else if (verdict_ == verdict::duplicate && result_.place) {
    result_.place = nullptr;
  } else {
    return fail(errc::unauthorized, "the peer refused our proof");
  }
  finish();
}

void outbound::finish() {
  if (!done_)
    return;
  resolver_->cancel(ticket_);
  error_code ignored;
  socket_.close(ignored);
  deadline_.cancel();
  const auto done = std::exchange(done_, nullptr);
  done(std::move(result_));
}

void outbound::fail(errc code, std::string_view what) {
  result_.place = nullptr;
  result_.error = caf::make_error(
    code, to_string(settings_.target) + ": " + std::string{what});
  finish();
}

}  // namespace kvc
