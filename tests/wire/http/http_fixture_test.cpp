#include "tests/wire/http/http_fixture.hpp"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <caf/stateful_actor.hpp>

#include <array>

namespace kvc::test {

namespace {

using tcp = boost::asio::ip::tcp;
using namespace std::chrono_literals;

struct gate_state {
  gate_state() = default;
  std::vector<caf::response_promise> waiting;
};

/// One for all clients: each would take three file descriptors.
boost::asio::io_context& client_io() {
  static boost::asio::io_context result;
  return result;
}

/// Answers nobody until it is opened.
caf::behavior gate(caf::stateful_actor<gate_state>* self,
                   std::atomic<int>* arrivals) {
  return {
    [self, arrivals](caf::get_atom) -> caf::result<int> {
      self->state.waiting.push_back(self->make_response_promise());
      ++*arrivals;
      return caf::delegated<int>{};
    },
    [self](caf::put_atom) {
      for (auto& each : self->state.waiting)
        each.deliver(1);
      self->state.waiting.clear();
    },
  };
}

}  // namespace

raw_client::raw_client(std::uint16_t port) : socket_(client_io()) {
  socket_.connect({boost::asio::ip::address_v4::loopback(), port});
  const timeval limit{.tv_sec = 30, .tv_usec = 0};
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit,
               sizeof(limit));
}

void raw_client::send(std::string_view bytes) {
  boost::system::error_code ignored;  // The server may have hung up already.
  boost::asio::write(socket_, boost::asio::buffer(bytes), ignored);
}

bool raw_client::read_some() {
  std::array<char, 64UL * 1024> buffer;
  const auto count =
    ::recv(socket_.native_handle(), buffer.data(), buffer.size(), 0);
  if (count > 0)
    unread_.append(buffer.data(), static_cast<std::size_t>(count));
  return count > 0;
}

std::string raw_client::read_answer(bool is_head) {
  std::size_t head = 0;
  while ((head = unread_.find("\r\n\r\n")) == std::string::npos)
    if (!read_some())
      return {};
  auto size = head + 4;
  const auto length = unread_.find("Content-Length: ");
  if (!is_head && length < head)
    size += std::stoul(unread_.substr(length + 16));
  while (unread_.size() < size)
    if (!read_some())
      return {};
  auto result = unread_.substr(0, size);
  unread_.erase(0, size);
  return result;
}

std::string raw_client::read_all() {
  while (read_some())
    continue;
  return std::exchange(unread_, {});
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

http_fixture::~http_fixture() {
  is_slow_over = true;
  server.reset();
  caf::anon_send_exit(gate_, caf::exit_reason::kill);
}

void http_fixture::start(http_server_options options) {
  gate_ = system_.spawn(gate, &at_gate);
  options.host = "127.0.0.1";
  server = std::make_unique<http_server>(system_, make_routes(), options);
  const auto bound = server->start();
  REQUIRE(bound);
  port = *bound;
}

void http_fixture::open_gate() { caf::anon_send(gate_, caf::put_atom_v); }

router http_fixture::make_routes() {
  router table;
  table.add({.path = "/hello",
             .handler = [](const http_request&, const responder& respond) {
               respond({.body = "hello"});
             }});
  table.add(
    {.method = http_method::post,
     .path = "/echo",
     .handler = [](const http_request& request, const responder& respond) {
       respond({.body = std::string{request.body}});
     }});
  table.add({.path = "/large",
             .handler = [](const http_request&, const responder& respond) {
               respond({.body = std::string(64UL << 20U, 'x')});
             }});
  table.add(
    {.path = "/gate",
     .handler = [this](const http_request& request, const responder& respond) {
       request.lane->request(gate_, caf::infinite, caf::get_atom_v)
         .then([respond](int) { respond({.body = "opened"}); },
               [respond](const caf::error&) { respond({.status = 502}); });
     }});
  table.add(
    {.method = http_method::post,
     .path = "/slow",
     .handler = [this](const http_request& request, const responder& respond) {
       if (!request.may_take_long)
         return respond(again_elsewhere());
       ++at_gate;
       CHECK(eventually([&] { return is_slow_over.load(); }));
       respond({.body = "slow"});
     }});
  table.add({.path = "/dropped",
             .handler = [](const http_request&, const responder&) {}});
  return table;
}

}  // namespace kvc::test
