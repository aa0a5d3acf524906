#pragma once

#include <caf/expected.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kvc {

struct http_client_options {
  std::string host = "localhost";  ///< A name, or an address without brackets.
  std::uint16_t port = 9000;

  /// For a whole request: finding the host, connecting, asking, the answer.
  std::chrono::milliseconds deadline{30'000};

  std::size_t body_limit_bytes = std::size_t{64} << 20U;  ///< Of an answer.
};

/// What a server answered, whatever the status.
struct http_reply {
  unsigned status = 0;
  std::string body;
};

/// Speaks HTTP/1.1 to one server, one request after the other, and keeps the
/// connection in between. Blocks; not thread-safe.
class http_client {
 public:
  explicit http_client(http_client_options options);

  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  ~http_client();

  /// Asks for `target`, a path with its query. As post().
  caf::expected<http_reply> get(std::string_view target);

  /// Sends `body`, which is JSON. Fails with unreachable (also if the answer
  /// is not HTTP), timed_out, connection_lost, or no_capacity if the answer is
  /// over the limit. A request on a kept connection that turns out to be closed
  /// is sent once more on a new one.
  caf::expected<http_reply> post(std::string_view target,
                                 std::string_view body);

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace kvc
