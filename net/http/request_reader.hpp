#pragma once

#include "net/http/exchange.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace kvc {

/// How long one request may be, and how much memory all bodies may take.
struct request_limits {
  std::size_t header_bytes = std::size_t{8} * 1024;
  std::size_t body_bytes = std::size_t{16} * 1024 * 1024;
  std::size_t body_memory_bytes = std::size_t{512} * 1024 * 1024;
  std::atomic<std::size_t>& body_memory_used;
};

/// Parses one HTTP/1 request out of the bytes of a connection.
class request_reader {
 public:
  enum class progress : std::uint8_t {
    incomplete,       ///< More bytes are needed.
    wants_continue,   ///< Incomplete, and the peer waits for "100 Continue".
    complete,         ///< The rest of the bytes belongs to the next request.
    malformed,        ///< Not HTTP: 400.
    header_too_long,  ///< 431.
    body_too_long,    ///< 413.
    out_of_memory,    ///< All bodies together are too long just now: 503.
  };

  /// What a request says about its connection.
  struct traits {
    bool keeps_alive = false;
    bool is_http_1_0 = false;
    bool is_head = false;
  };

  /// `limits` must outlive the reader.
  explicit request_reader(const request_limits& limits);

  request_reader(const request_reader&) = delete;
  request_reader& operator=(const request_reader&) = delete;
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

  /// Returns the complete request; its views live as long as the reader.
  http_request request();

  /// Returns what the complete request says about its connection.
  traits connection_traits() const;

 private:
  class impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace kvc
