#pragma once

#include "net/http/lane_actor.hpp"
#include "net/http/server.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace kvc::test {

/// A client that sends what it is told, byte by byte.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port);

  void send(std::string_view bytes);

  /// Reads one answer by its Content-Length; "" if the connection ends before
  /// it is complete. For HEAD, without a body.
  std::string read_answer(bool is_head = false);

  /// Reads until the server closes.
  std::string read_all();

 private:
  bool read_some();

  boost::asio::ip::tcp::socket socket_;
  std::string unread_;
};

/// Returns whether `condition` came true within a generous time.
bool eventually(const std::function<bool()>& condition);

/// A server with these routes: GET /hello, POST /echo, GET /large (64 MiB),
/// GET /gate (answered when the gate is opened), POST /slow (takes its thread
/// until the test says so), GET /dropped (never).
class http_fixture {
 public:
  http_fixture() = default;
  http_fixture(const http_fixture&) = delete;
  http_fixture& operator=(const http_fixture&) = delete;
  ~http_fixture();

  /// Starts on 127.0.0.1 and a free port.
  void start(http_server_options options = {});

  raw_client connect() const { return raw_client{port}; }
  void open_gate();

  /// How many requests have reached /gate or /slow so far.
  std::atomic<int> at_gate{0};
  std::atomic<bool> is_slow_over{false};
  std::uint16_t port = 0;
  std::unique_ptr<http_server> server;

 private:
  router make_routes();

  caf::actor_system_config config_;
  caf::actor_system system_{config_};
  caf::actor gate_;
};

}  // namespace kvc::test
