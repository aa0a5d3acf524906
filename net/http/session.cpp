#include "net/http/session.hpp"

#include "net/http/body_memory.hpp"
#include "net/http/lane.hpp"
#include "net/http/response_head.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <utility>

namespace kvc {

namespace {

using tcp = boost::asio::ip::tcp;
using error_code = boost::system::error_code;

constexpr auto no_route = std::numeric_limits<std::size_t>::max();

http_response refusal_for(request_reader::progress why) {
  using progress = request_reader::progress;
  switch (why) {
    case progress::header_too_long:
      return error_response(431, "Request Header Fields Too Large");
    case progress::body_too_long:
      return error_response(413, "Request Entity Too Large");
    case progress::out_of_memory:
      return unavailable_response("too many large requests at once");
    case progress::malformed:
    case progress::incomplete:
    case progress::wants_continue:
    case progress::complete:
      break;
  }
  return error_response(400, "Invalid HTTP request received.");
}

}  // namespace

session::session(tcp::socket socket, lane& owner)
    : socket_(std::move(socket)), lane_(owner) {}

void session::start() {
  error_code ignored;
  socket_.set_option(tcp::no_delay{true}, ignored);
  error_code error;
  socket_.non_blocking(true, error);
  if (error || lane_.is_draining())
    return close();
  enter(phase::idle, lane_.context().options.read_deadline);
  await_bytes();
}

void session::close() {
  if (phase_ == phase::closed)
    return;
  phase_ = phase::closed;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  lane_.forget(shared_from_this());
}

void session::drain() {
  if (phase_ == phase::idle || phase_ == phase::lingering)
    close();
}

void session::expire() {
  if (phase_ == phase::handling)
    answer(serial_, error_response(504, "no answer within the deadline"));
  else
    close();
}

void session::enter(phase next, std::chrono::milliseconds time_allowed) {
  phase_ = next;
  entered_ = std::chrono::steady_clock::now();
  deadline_ = entered_ + time_allowed;
}

void session::await_bytes() {
  socket_.async_wait(tcp::socket::wait_read,
                     [self = shared_from_this()](error_code error) {
                       self->on_readable(error);
                     });
}

void session::on_readable(const error_code& error) {
  if (phase_ == phase::closed)
    return;
  if (error)
    return close();
  const auto room = reader_ ? reader_->body_room() : std::span<char>{};
  const auto target = room.empty() ? std::span<char>{lane_.scratch()} : room;
  error_code failure;
  const auto count = socket_.read_some(
    boost::asio::buffer(target.data(), target.size()), failure);
  if (failure && failure != boost::asio::error::would_block)
    return close();
  if (failure || phase_ == phase::lingering)
    return await_bytes();
  if (phase_ == phase::idle)
    enter(phase::reading, lane_.context().options.read_deadline);
  go_on(room.empty() ? feed({target.data(), count}) : reader_->commit(count));
}

request_reader::progress session::feed(std::string_view arrived) {
  if (!unread_.empty()) {
    unread_ += arrived;
    arrived = unread_;
  }
  if (!reader_)
    reader_.emplace(lane_.context().limits);
  const auto progress = reader_->feed(arrived);
  unread_ = std::string{arrived};
  return progress;
}

void session::go_on(request_reader::progress progress) {
  switch (progress) {
    case request_reader::progress::incomplete:
      return await_bytes();
    case request_reader::progress::wants_continue:
      return send_continue();
    case request_reader::progress::complete:
      return handle();
    case request_reader::progress::malformed:
    case request_reader::progress::header_too_long:
    case request_reader::progress::body_too_long:
    case request_reader::progress::out_of_memory:
      return refuse(refusal_for(progress));
  }
}

void session::handle() {
  enter(phase::handling, lane_.context().options.request_deadline);
  traits_ = reader_->connection_traits();
  ++serial_;
  auto request = reader_->request();
  route_ = lane_.context().routes.find(request);
  takes_long_ = request.body.size() >= body_memory::large_bytes;
  if (lane_.is_draining())
    return answer(serial_, unavailable_response("shutting down"));
  if (!takes_long_)
    handle_here(request);
  if (takes_long_)
    handle_elsewhere();
  reader_.reset();
}

void session::handle_here(http_request request) {
  request.may_take_long = false;
  request.lane = &lane_.actor();
  const responder respond{
    [self = shared_from_this(), serial = serial_](http_response response) {
      self->answer(serial, std::move(response));
    }};
  lane_.context().routes.dispatch(route_, request, respond);
}

void session::handle_elsewhere() {
  const responder respond{
    [self = shared_from_this(), serial = serial_](http_response response) {
      boost::asio::post(self->lane_.io(),
                        [self, serial, answer = std::move(response)]() mutable {
                          self->answer(serial, std::move(answer));
                        });
    }};
  const auto reader = std::make_shared<request_reader>(std::move(*reader_));
  lane_.helper().work(
    [reader, respond, &helper = lane_.helper(), route = route_] {
      auto request = reader->request();
      request.lane = &helper.actor();
      helper.context().routes.dispatch(route, request, respond);
    });
}

void session::refuse(http_response response) {
  reader_.reset();
  unread_ = {};
  traits_ = {};
  route_ = no_route;
  enter(phase::handling, lane_.context().options.request_deadline);
  answer(++serial_, std::move(response));
}

void session::send_continue() {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  boost::asio::async_write(
    socket_, boost::asio::buffer(text),
    [self = shared_from_this()](error_code error, std::size_t) {
      if (error)
        self->close();
      else if (self->phase_ == phase::reading)
        self->await_bytes();
    });
}

void session::answer(std::uint64_t serial, http_response response) {
  if (phase_ != phase::handling || serial != serial_)
    return;
  if (is_again_elsewhere(response)) {
    takes_long_ = true;
    return;
  }
  const auto begun = entered_;
  enter(phase::writing, lane_.context().options.write_deadline);
  lane_.counters().count(route_, response.status, entered_ - begun);
  traits_.keeps_alive = traits_.keeps_alive && !lane_.is_draining();
  head_ = response_head(response, traits_);
  body_ = traits_.is_head ? std::string{} : std::move(response.body);
  const std::array buffers{boost::asio::buffer(head_),
                           boost::asio::buffer(body_)};
  error_code error;
  const auto written = socket_.write_some(buffers, error);
  if (error && error != boost::asio::error::would_block)
    return close();
  if (written == head_.size() + body_.size())
    return on_answered();
  write_rest(written);
}

void session::write_rest(std::size_t written) {
  const auto head = boost::asio::buffer(head_) + written;
  const auto body =
    boost::asio::buffer(body_) + (written - std::min(written, head_.size()));
  boost::asio::async_write(
    socket_, std::array<boost::asio::const_buffer, 2>{head, body},
    [self = shared_from_this()](error_code error, std::size_t) {
      if (error)
        self->close();
      else if (self->phase_ == phase::writing)
        self->on_answered();
    });
}

void session::on_answered() {
  head_ = {};
  body_ = {};
  const auto& options = lane_.context().options;
  if (lane_.is_draining())
    return close();
  if (!traits_.keeps_alive) {
    // Closing at once could reset the connection before the peer has read.
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    unread_ = {};
    enter(phase::lingering, options.linger_time);
    return await_bytes();
  }
  if (unread_.empty()) {
    enter(phase::idle, options.idle_timeout);
    return await_bytes();
  }
  enter(phase::reading, options.read_deadline);
  // Not at once: many requests may be waiting in one piece.
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->phase_ == phase::reading)
      self->go_on(self->feed({}));
  });
}

}  // namespace kvc
