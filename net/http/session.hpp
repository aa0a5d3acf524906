#pragma once

#include "net/http/request_reader.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kvc {

class lane;

/// One connection of a client. It serves one request after the other; bytes
/// that arrive meanwhile wait in the socket. Every phase has a deadline.
class session : public std::enable_shared_from_this<session> {
 public:
  /// `owner` must outlive the session's last callback.
  session(boost::asio::ip::tcp::socket socket, lane& owner);

  void start();

  /// Closes the socket and leaves the lane. May be called again.
  void close();

  /// Closes the connection if it is idle. A busy one closes after its answer.
  void drain();

  /// Whether it has no complete request.
  bool is_waiting() const {
    return phase_ == phase::idle || phase_ == phase::reading;
  }

  /// When the current phase must be over. Then the lane calls `expire`.
  std::chrono::steady_clock::time_point deadline() const { return deadline_; }

  /// Answers 504 if a handler runs; closes the connection in any other phase.
  void expire();

 private:
  enum class phase : std::uint8_t {
    idle,       ///< Nothing of the next request is here.
    reading,    ///< Some of it is.
    handling,   ///< A handler has it.
    writing,    ///< The answer is under way.
    lingering,  ///< Answered for the last time; reads until the peer closes.
    closed,
  };

  void enter(phase next, std::chrono::milliseconds time_allowed);
  void await_bytes();
  void on_readable(const boost::system::error_code& error);
  request_reader::progress feed(std::string_view arrived);
  void go_on(request_reader::progress progress);
  void handle();
  void handle_here(http_request request);
  void handle_elsewhere();
  void refuse(http_response response);
  void send_continue();
  void answer(std::uint64_t serial, http_response response);
  void write_rest(std::size_t written);
  void on_answered();

  boost::asio::ip::tcp::socket socket_;
  lane& lane_;
  phase phase_ = phase::idle;
  std::chrono::steady_clock::time_point entered_;  // Begin of the phase.
  std::chrono::steady_clock::time_point deadline_;
  std::uint64_t serial_ = 0;  // Of the current request.
  std::size_t route_ = 0;     // Index of its route; past the table if none.
  bool takes_long_ = false;   // Its handler wants to run elsewhere.
  std::string unread_;        // Arrived, not parsed yet.
  std::optional<request_reader> reader_;
  request_reader::traits traits_;
  std::string head_;
  std::string body_;
};

}  // namespace kvc
