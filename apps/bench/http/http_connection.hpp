#pragma once

#include "apps/bench/file_descriptor.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace kvc {

/// A client's end of a connection that never blocks and costs as little as can
/// be, so that the server is what is measured.
class http_connection {
 public:
  enum class progress : std::uint8_t {
    waiting,   ///< For the socket: call advance() when it is ready.
    answered,  ///< `answer` is complete.
    broken,    ///< The server closed, or it spoke no HTTP.
  };

  /// Connects to 127.0.0.1. Fails with unreachable.
  static caf::expected<http_connection> open(std::uint16_t port);

  /// Begins an exchange; the request, head and body, must live until its end.
  progress send(std::string_view request);

  /// Goes on with the exchange.
  progress advance();

  /// The last answer, head and body.
  std::string_view answer() const { return {answer_.data(), answer_size_}; }

  int fd() const { return socket_.get(); }

 private:
  explicit http_connection(file_descriptor socket)
      : socket_(std::move(socket)) {}

  progress receive();
  bool read_head();

  file_descriptor socket_;
  std::string_view unsent_;
  std::string answer_;           // As large as the largest one so far.
  std::size_t answer_size_ = 0;  // Received.
  std::size_t expected_ = 0;     // Size of the whole answer; 0 if not known.
};

/// Returns a POST of `body` with its head.
std::string post_request(std::string_view target, std::string_view content_type,
                         std::string_view body);

}  // namespace kvc
