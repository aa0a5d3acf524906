#pragma once

#include <caf/expected.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace kvc {

struct http_client_options {
  std::string url;  ///< Goes before each target; as parse_http_url returns it.

  /// For a whole request: finding the host, connecting, asking, the answer.
  std::chrono::milliseconds deadline{30'000};

  std::size_t body_limit_bytes = std::size_t{64} << 20U;  ///< Of an answer.
};

/// What a server answered, whatever the status.
struct http_reply {
  unsigned status = 0;
  std::string body;
};

/// Speaks HTTP/1.1 to one server, directly: neither follows redirects nor uses
/// a proxy. Sends one request after the other and keeps the connection in
/// between. Blocks; not thread-safe.
class http_client {
 public:
  explicit http_client(http_client_options options);

  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  ~http_client();

  /// Asks for `target`, a path with its query. Fails with unreachable (also if
  /// the answer is not HTTP), timed_out, connection_lost, or no_capacity if the
  /// answer is over the limit. If the kept connection turns out to be closed,
  /// the request is sent once more on a new one.
  caf::expected<http_reply> get(std::string_view target);

  /// As get(), with a body of JSON, for routes that change nothing.
  caf::expected<http_reply> query(std::string_view target,
                                  std::string_view body);

  /// As query(), for routes that change something: on a new connection, so that
  /// the request is sent once at most.
  caf::expected<http_reply> post(std::string_view target,
                                 std::string_view body);

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace kvc
