#include "net/link/inbound.hpp"

#include "messages/registry.hpp"
#include "net/link/socket_address.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <utility>

namespace kvc {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::string_view closed_early = "closed during the handshake";
constexpr std::chrono::milliseconds poll_interval{5};

/// Returns zeros if the peer is gone already.
asio::ip::tcp::endpoint peer_of(const asio::ip::tcp::socket& socket) {
  error_code failure;
  return socket.remote_endpoint(failure);
}

}  // namespace

inbound::inbound(asio::ip::tcp::socket socket, inbound_host& host)
    : socket_(std::move(socket)),
      deadline_(socket_.get_executor()),
      poll_(socket_.get_executor()),
      host_(host),
      peer_(peer_of(socket_)),
      address_(peer_.port() == 0 ? "unknown"
                                 : to_string(to_host_and_port(peer_))) {}

void inbound::start(std::chrono::milliseconds timeout) {
  deadline_.expires_after(timeout);
  deadline_.async_wait([self = shared_from_this()](error_code failure) {
    if (!failure)
      self->end("no handshake in time");
  });
  read_preamble(0);
}

void inbound::end(std::string_view reason) {
  if (is_finished_)
    return;
  is_finished_ = true;
  if (link_ && host_.is_up(*link_))
    reason = {};
  else if (link_)
    link_->cut();
  error_code ignored;
  socket_.close(ignored);
  deadline_.cancel();
  poll_.cancel();
  place_.reset();
  host_.finished(*this, reason);
}

template <class Next>
auto inbound::then(Next next) {
  return [self = shared_from_this(), next](error_code failure, std::size_t) {
    if (failure)
      return self->end(self->reason_.empty() ? closed_early : self->reason_);
    if (!self->is_finished_)
      next(*self);
  };
}

template <class Buffer, class Next>
void inbound::read(Buffer buffer, Next next) {
  asio::async_read(socket_, buffer, then(next));
}

template <class Buffer, class Next>
void inbound::write(Buffer buffer, Next next) {
  asio::async_write(socket_, buffer, then(next));
}

void inbound::read_preamble(std::size_t received) {
  const auto rest =
    asio::buffer(hello_.data() + received, preamble_bytes - received);
  socket_.async_read_some(rest, [self = shared_from_this(), received](
                                  error_code failure, std::size_t count) {
    if (failure)
      return self->end(closed_early);
    const auto total = received + count;
    if (!starts_like_hello(byte_span{self->hello_}.first(total)))
      return self->end("not a kvc peer");
    if (total < preamble_bytes)
      return self->read_preamble(total);
    self->check_preamble();
  });
}

void inbound::check_preamble() {
  const auto version = version_in(hello_);
  if (version == protocol_version)
    return read_hello();
  answer_ = make_version_refusal();
  refuse(errc::version_mismatch, "version " + std::to_string(version) +
                                   ", ours is " +
                                   std::to_string(protocol_version));
  write(asio::buffer(answer_), [](inbound& self) { self.part(); });
}

void inbound::read_hello() {
  read(asio::buffer(hello_) + preamble_bytes,
       [](inbound& self) { self.answer_hello(); });
}

void inbound::answer_hello() {
  answered_at_ = host_.links().now();
  answer_ = make_server_hello(hello_, host_.links().self(), host_.secret(),
                              to_bytes(host_.reachable(peer_.address())));
  write(asio::buffer(answer_), [](inbound& self) { self.read_proof(); });
}

void inbound::read_proof() {
  read(asio::buffer(proof_), [](inbound& self) { self.check_proof(); });
}

void inbound::check_proof() {
  if (is_client_proven(hello_, answer_, proof_, host_.secret()))
    return admit();
  if (is_farewell(hello_, answer_, proof_, host_.secret()))
    return end({});
  refuse(errc::unauthorized, "another secret");
  write(asio::buffer(&verdict_, 1), [](inbound& self) { self.part(); });
}

std::string inbound::ip() const {
  return peer_.port() == 0 ? "unknown"
                           : to_host_address(peer_.address()).text();
}

void inbound::refuse(errc why, std::string detail) {
  reason_ = std::move(detail);
  host_.refused(*this, why, reason_);
}

void inbound::part() {
  // To close with bytes unread would reset the connection: the peer might never
  // see our answer.
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  asio::async_read(socket_, asio::buffer(rest_),
                   [self = shared_from_this()](error_code, std::size_t) {
                     self->end(self->reason_);
                   });
}

void inbound::admit() {
  auto [answer, place] = host_.links().admit(process_in(hello_), answered_at_);
  switch (answer) {
    case admission::granted:
      place_ = std::move(place);
      verdict_ = verdict::accepted;
      return write(asio::buffer(&verdict_, 1),
                   [](inbound& self) { self.hand_over(); });
    case admission::duplicate:
      verdict_ = verdict::duplicate;
      return write(asio::buffer(&verdict_, 1),
                   [](inbound& self) { self.part(); });
    case admission::later:
      poll_.expires_after(poll_interval);
      return poll_.async_wait([self = shared_from_this()](error_code failure) {
        if (!failure && !self->is_finished_)
          self->admit();
      });
  }
}

void inbound::hand_over() {
  // Our deadline goes on, because CAF has none for its own handshake.
  link_ = host_.adopt(*place_, {socket_.release(), process_in(hello_)});
}

}  // namespace kvc
