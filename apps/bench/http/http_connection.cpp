#include "apps/bench/http/http_connection.hpp"

#include "apps/bench/loopback_socket.hpp"
#include "messages/errors.hpp"

#include <spdlog/fmt/fmt.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <algorithm>
#include <cerrno>
#include <charconv>

namespace kvc {

namespace {

constexpr std::size_t read_step = 64UL * 1024;

bool is_not_ready() { return errno == EAGAIN || errno == EWOULDBLOCK; }

}  // namespace

caf::expected<http_connection> http_connection::open(std::uint16_t port) {
  auto socket = new_socket();
  if (!connect_to(socket, port) ||
      fcntl(socket.get(), F_SETFL, O_NONBLOCK) != 0)
    return caf::make_error(errc::unreachable,
                           "127.0.0.1:" + std::to_string(port));
  send_without_delay(socket);
  return http_connection{std::move(socket)};
}

http_connection::progress http_connection::send(std::string_view request) {
  unsent_ = request;
  answer_size_ = 0;
  expected_ = 0;
  return advance();
}

http_connection::progress http_connection::advance() {
  while (!unsent_.empty()) {
    const auto sent =
      ::send(fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent < 0)
      return is_not_ready() ? progress::waiting : progress::broken;
    unsent_.remove_prefix(static_cast<std::size_t>(sent));
    if (unsent_.empty())
      return progress::waiting;  // Nothing can have been answered yet.
  }
  return receive();
}

http_connection::progress http_connection::receive() {
  while (expected_ == 0 || answer_size_ < expected_) {
    if (answer_.size() - answer_size_ < read_step)
      answer_.resize(answer_size_ + 2 * read_step);
    const auto count = recv(fd(), answer_.data() + answer_size_,
                            answer_.size() - answer_size_, 0);
    if (count <= 0)
      return count < 0 && is_not_ready() ? progress::waiting : progress::broken;
    answer_size_ += static_cast<std::size_t>(count);
    if (expected_ == 0 && !read_head())
      return progress::broken;
  }
  return answer_size_ == expected_ ? progress::answered : progress::broken;
}

/// Returns false if the head has come and does not tell the length.
bool http_connection::read_head() {
  constexpr std::string_view field = "\r\nContent-Length: ";
  const auto end = answer().find("\r\n\r\n");
  if (end == std::string_view::npos)
    return true;
  const auto head = answer().substr(0, end);
  const auto at = head.find(field);
  if (at == std::string_view::npos)
    return false;
  const auto digits = head.substr(at + field.size());
  std::size_t length = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), length)
        .ec != std::errc{})
    return false;
  expected_ = end + 4 + length;
  return true;
}

std::string post_request(std::string_view target, std::string_view content_type,
                         std::string_view body) {
  return fmt::format(
    "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {}\r\n"
    "Content-Length: {}\r\n\r\n{}",
    target, content_type, body.size(), body);
}

}  // namespace kvc
