#pragma once

#include "net/http/exchange.hpp"
#include "net/http/read_progress.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace kvc {

/// How long one request may be, and how much memory all bodies may take, but
/// small ones; see body_buffer.
struct request_limits {
  /// Also of what comes with the chunks of a body.
  std::size_t header_bytes = std::size_t{8} * 1024;
  std::size_t body_bytes = std::size_t{16} * 1024 * 1024;
  std::size_t body_memory_bytes = std::size_t{512} * 1024 * 1024;
  std::atomic<std::size_t>& body_memory_used;
};

/// Parses one HTTP/1 request out of the bytes of a connection. What comes of
/// them does not depend on how they arrive. Where two readers could disagree
/// about where a request ends, it is malformed.
class request_reader {
 public:
  using progress = read_progress;

  /// What a request says about its connection.
  struct traits {
    bool keeps_alive = false;
    bool is_http_1_0 = false;
    bool is_head = false;
  };

  /// `limits` must outlive the reader.
  explicit request_reader(const request_limits& limits);

  request_reader(request_reader&& other) noexcept;
  request_reader& operator=(request_reader&& other) noexcept;
  ~request_reader();

  /// Parses the front of `bytes` and removes it. What is left must be passed
  /// again, in one piece with the bytes that follow it.
  progress feed(std::string_view& bytes);

  /// Returns room for the next bytes of a large body, never more than belong to
  /// it; reading them there saves a copy. Empty if `feed` must be used.
  std::span<char> body_room();

  /// Takes `count` bytes that the caller has read to the front of body_room(),
  /// and returns what `feed` would.
  progress commit(std::size_t count);

  /// Returns the complete request; its views live as long as the reader, even
  /// if it moves.
  http_request request();

  /// Returns what the complete request says about its connection.
  traits connection_traits() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace kvc
