#pragma once

#include "config/host_address.hpp"
#include "net/http/request_counters.hpp"
#include "net/http/router.hpp"

#include <caf/expected.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace kvc {

struct http_server_options {
  host_address host = "0.0.0.0";
  std::uint16_t port = 0;   ///< 0 means any free one.
  std::size_t threads = 1;  ///< Each serves its own connections; positive.

  std::size_t header_limit_bytes = std::size_t{8} * 1024;  ///< Beyond: 431.
  std::size_t body_limit_bytes =
    std::size_t{16} * 1024 * 1024;  ///< Beyond: 413.
  std::size_t body_memory_bytes =
    std::size_t{512} * 1024 * 1024;  ///< Of all bodies but small ones. Beyond:
                                     ///< 503.

  /// Beyond, the one is closed that waits for a request and whose deadline is
  /// next; if all are busy, the new one gets 503.
  std::size_t max_connections = 4096;

  /// For a whole request, from its first byte on; also for the first byte of a
  /// new connection.
  std::chrono::milliseconds read_deadline{10'000};
  std::chrono::milliseconds idle_timeout{60'000};  ///< Between two requests.
  std::chrono::milliseconds request_deadline{30'000};  ///< For a handler; 504.
  std::chrono::milliseconds write_deadline{30'000};    ///< For a whole answer.
  std::chrono::milliseconds linger_time{
    1'000};  ///< For the peer to read a last answer.
  std::chrono::milliseconds drain_time{
    1'000};  ///< For requests that run at stop().

  /// What the server counts; not null, and of this server alone.
  std::shared_ptr<request_counters> counters =
    std::make_shared<request_counters>();
};

/// An HTTP/1.1 server. Answers each connection's requests in order.
class http_server {
 public:
  /// `system` must outlive the server.
  http_server(caf::actor_system& system, router routes,
              http_server_options options);

  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  /// Stops the server; see stop().
  ~http_server();

  /// Begins to serve; to be called once. Returns the port that it listens on,
  /// or cannot_open_port with the system's message.
  caf::expected<std::uint16_t> start();

  /// Stops accepting, gives running requests the drain time to end, and closes
  /// all connections. Blocks until that is done, so no handler may call it. May
  /// be called again.
  void stop();

  /// Returns the number of open connections.
  std::size_t connections() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace kvc
