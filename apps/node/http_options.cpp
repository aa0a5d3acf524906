#include "apps/node/http_options.hpp"

#include <algorithm>

namespace kvc {

http_server_options make_http_options(const controller_options& options) {
  http_server_options result;
  result.host = options.host;
  result.port = options.port;
  result.body_limit_bytes = options.body_limit_bytes;
  result.max_connections = options.max_connections;
  // Whoever raises request_timeout wants time for answers, and must not give
  // more of it to those who hoard connections.
  result.read_deadline =
    std::min(result.read_deadline, options.request_timeout);
  result.request_deadline = options.request_timeout;
  result.write_deadline = options.request_timeout;
  result.idle_timeout = options.idle_timeout;
  return result;
}

}  // namespace kvc
