#include "net/http/lane.hpp"

#include "messages/repeated_log.hpp"
#include "net/http/response_head.hpp"
#include "net/http/session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <malloc.h>
#include <pthread.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace kvc {

namespace {

using namespace std::chrono_literals;

/// Deadlines are looked at in steps of a fraction of the shortest of them.
std::chrono::milliseconds choose_watch_interval(
  const http_server_options& options) {
  const auto shortest = std::min({options.read_deadline, options.idle_timeout,
                                  options.request_deadline,
                                  options.write_deadline, options.linger_time});
  return std::clamp<std::chrono::milliseconds>(shortest / 8, 2ms, 200ms);
}

/// Answers a connection that is one too many, without ever waiting for it.
void refuse(boost::asio::ip::tcp::socket socket) {
  const auto response = unavailable_response("too many connections");
  const auto text = response_head(response, {}) + response.body;
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(boost::asio::buffer(text), ignored);
  socket.shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
}

}  // namespace

server_context::server_context(http_server_options chosen, router table)
    : options(std::move(chosen)),
      routes(std::move(table)),
      limits{options.header_limit_bytes, options.body_limit_bytes,
             options.body_memory_bytes, body_memory_used} {}

lane::lane(caf::actor_system& system, server_context& context, lane* helper)
    : context_(context),
      helper_(helper),
      counters_(
        context.options.counters->add_lane(context.routes.routes().size())),
      watch_interval_(choose_watch_interval(context.options)),
      actor_(spawn_lane(system, [this](std::function<void()> task) {
        boost::asio::post(io_, std::move(task));
      })) {}

lane::~lane() { actor().close(); }

void lane::start() {
  thread_ = std::thread{[this] { run(); }};
}

void lane::drain() {
  boost::asio::post(io_, [this] { begin_drain(); });
}

void lane::join() {
  if (thread_.joinable())
    thread_.join();
}

void lane::adopt(boost::asio::ip::tcp::socket socket) {
  ++load_;
  ++context_.connections();
  boost::asio::post(io_, [this, socket = std::move(socket)]() mutable {
    if (is_draining_ ||
        context_.connections() <= context_.options.max_connections)
      return serve(std::move(socket));
    arrivals_.push_back(std::move(socket));
    pass_on({.home = this});
  });
}

void lane::work(std::function<void()> task) {
  boost::asio::post(io_, [this, task = std::move(task)] {
    task();
    trim_soon();
  });
}

void lane::trim_soon() {
  if (std::exchange(is_trim_due_, true))
    return;
  trim_.expires_after(1s);
  trim_.async_wait([this](boost::system::error_code error) {
    is_trim_due_ = false;
    if (!error)
      ::malloc_trim(0);
  });
}

void lane::serve(boost::asio::ip::tcp::socket socket) {
  auto added = std::make_shared<session>(std::move(socket), *this);
  sessions_.insert(added);
  added->start();
}

void lane::turn_away(boost::asio::ip::tcp::socket socket) {
  --load_;
  --context_.connections();
  refuse(std::move(socket));
}

void lane::pass_on(room_search search) {
  if (search.next < context_.lanes.size()) {
    auto* const asked = context_.lanes[search.next++];
    boost::asio::post(asked->io_, [=] { asked->look_for_room(search); });
    return;
  }
  auto* const finder = search.found == nullptr ? search.home : search.found;
  boost::asio::post(finder->io_, [=] {
    const bool has_room = search.found != nullptr && finder->shed_one();
    boost::asio::post(search.home->io_,
                      [=] { search.home->admit_arrival(has_room); });
  });
}

void lane::look_for_room(room_search search) {
  const auto first = next_to_shed();
  if (first && first->deadline() < search.deadline) {
    search.found = this;
    search.deadline = first->deadline();
  }
  pass_on(search);
}

void lane::admit_arrival(bool has_room) {
  if (arrivals_.empty())  // The lane drains.
    return;
  auto socket = std::move(arrivals_.front());
  arrivals_.pop_front();
  if (has_room || context_.connections() <= context_.options.max_connections)
    serve(std::move(socket));
  else
    turn_away(std::move(socket));
}

std::shared_ptr<session> lane::next_to_shed() const {
  std::shared_ptr<session> first;
  for (const auto& each : sessions_)
    if (each->is_waiting() && (!first || each->deadline() < first->deadline()))
      first = each;
  return first;
}

bool lane::shed_one() {
  const auto first = next_to_shed();
  if (first)
    first->close();
  return first != nullptr;
}

void lane::forget(const std::shared_ptr<session>& closed) {
  if (sessions_.erase(closed) == 0)
    return;
  --load_;
  --context_.connections();
  end_if_drained();
}

void lane::run() {
  ::pthread_setname_np(::pthread_self(), "kvc-http");
  watch_deadlines();
  while (!io_.stopped()) {
    try {
      io_.run();
    } catch (const std::exception& error) {
      // The connection it struck does no more and ends at its deadline.
      warn_repeated("http: " + std::string{error.what()});
    }
  }
  close_all();
}

void lane::begin_drain() {
  is_draining_ = true;
  for (auto& each : std::exchange(arrivals_, {}))
    turn_away(std::move(each));
  for (const auto& each : std::vector(sessions_.begin(), sessions_.end()))
    each->drain();
  drain_end_.expires_after(context_.options.drain_time);
  drain_end_.async_wait([this](boost::system::error_code) { close_all(); });
  end_if_drained();
}

void lane::end_if_drained() {
  if (is_draining_ && sessions_.empty())
    io_.stop();
}

void lane::close_all() {
  for (const auto& each : std::vector(sessions_.begin(), sessions_.end()))
    each->close();
  end_if_drained();
}

void lane::watch_deadlines() {
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::shared_ptr<session>> late;
  for (const auto& each : sessions_)
    if (now >= each->deadline())
      late.push_back(each);
  for (const auto& each : late)
    each->expire();
  watch_.expires_after(watch_interval_);
  watch_.async_wait([this](boost::system::error_code error) {
    if (!error)
      watch_deadlines();
  });
}

}  // namespace kvc
