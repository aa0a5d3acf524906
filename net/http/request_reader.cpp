#include "net/http/request_reader.hpp"

#include "net/http/body_buffer.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace kvc {

namespace {

namespace http = boost::beast::http;
using error_code = boost::system::error_code;

/// A Beast Body that collects into a body_buffer.
struct bounded_body {
  using value_type = body_buffer;

  class reader {
   public:
    template <bool is_request, class Fields>
    reader(http::header<is_request, Fields>&, value_type& body) : body_(body) {}

    void init(const boost::optional<std::uint64_t>& length, error_code& error) {
      error = {};
      if (length)
        body_.expect(static_cast<std::size_t>(*length));
    }

    template <class Buffers>
    std::size_t put(const Buffers& buffers, error_code& error) {
      error = {};
      std::size_t count = 0;
      for (const auto& buffer : boost::beast::buffers_range(buffers)) {
        if (!body_.append(std::string_view{
              static_cast<const char*>(buffer.data()), buffer.size()})) {
          error = make_error_code(boost::system::errc::not_enough_memory);
          return count;
        }
        count += buffer.size();
      }
      return count;
    }

    void finish(error_code& error) { error = {}; }

   private:
    value_type& body_;
  };
};

request_reader::progress progress_for(const error_code& error) {
  using progress = request_reader::progress;
  if (!error || error == http::error::need_more)
    return progress::incomplete;
  if (error == http::error::header_limit)
    return progress::header_too_long;
  if (error == http::error::body_limit)
    return progress::body_too_long;
  if (error == boost::system::errc::not_enough_memory)
    return progress::out_of_memory;
  return progress::malformed;
}

/// Strips "http://authority" of a target in absolute form.
std::string_view origin_form(std::string_view target) {
  constexpr std::string_view scheme = "http://";
  if (target.substr(0, scheme.size()) != scheme)
    return target;
  const auto slash = target.find('/', scheme.size());
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

class request_reader::impl {
 public:
  explicit impl(const request_limits& limits)
      : parser_(std::piecewise_construct,
                std::forward_as_tuple(limits.body_memory_used,
                                      limits.body_memory_bytes)) {
    parser_.header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    parser_.body_limit(limits.body_bytes);
  }

  progress feed(std::string_view& bytes) {
    const bool had_header = parser_.is_header_done();
    const auto reached = is_measured_ ? take_body(bytes) : parse(bytes);
    return reached == progress::incomplete && !had_header && wants_continue()
             ? progress::wants_continue
             : reached;
  }

  std::span<char> body_room() {
    auto& body = parser_.get().body();
    if (!is_measured_ || body.text().size() < direct_bytes)
      return {};
    const auto room = body.room();
    return room.first(std::min<std::uint64_t>(room.size(), body_left_));
  }

  progress commit(std::size_t count) {
    parser_.get().body().commit(count);
    body_left_ -= count;
    return body_left_ == 0 ? progress::complete : progress::incomplete;
  }

  http_request request() {
    const auto& message = parser_.get();
    const auto target = origin_form(view(message.target()));
    const auto mark = std::min(target.find('?'), target.size());
    return {.method = view(message.method_string()),
            .path = target.substr(0, mark),
            .query = target.substr(std::min(target.size(), mark + 1)),
            .content_type = view(message[http::field::content_type]),
            .body = message.body().text()};
  }

  traits connection_traits() const {
    const auto& message = parser_.get();
    return {.keeps_alive = message.keep_alive(),
            .is_http_1_0 = message.version() == 10,
            .is_head = message.method() == http::verb::head};
  }

 private:
  /// Parses the header, and a body whose length it does not tell.
  progress parse(std::string_view& bytes) {
    error_code error;
    while (!parser_.is_done()) {
      const auto used =
        parser_.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
      bytes.remove_prefix(used);
      if (parser_.is_done())
        break;
      if (!error && parser_.is_header_done() && begin_body())
        return take_body(bytes);
      if (error || used == 0)
        return progress_for(error);
    }
    return error ? progress_for(error) : progress::complete;
  }

  /// Returns whether the header tells the body's length.
  bool begin_body() {
    is_measured_ = !parser_.chunked();
    parser_.eager(true);
    if (is_measured_) {
      body_left_ = parser_.content_length().value_or(0);
      parser_.get().body().expect(body_left_);
    }
    return is_measured_;
  }

  progress take_body(std::string_view& bytes) {
    const auto part =
      bytes.substr(0, std::min<std::uint64_t>(bytes.size(), body_left_));
    if (!parser_.get().body().append(part))
      return progress::out_of_memory;
    bytes.remove_prefix(part.size());
    body_left_ -= part.size();
    return body_left_ == 0 ? progress::complete : progress::incomplete;
  }

  bool wants_continue() const {
    return parser_.is_header_done() && parser_.get().version() >= 11 &&
           boost::beast::iequals(parser_.get()[http::field::expect],
                                 "100-continue");
  }

  /// What is large enough to be read in place. Before it has come, memory for
  /// it could be had by announcing it.
  static constexpr std::size_t direct_bytes = 32UL * 1024;

  http::request_parser<bounded_body> parser_;
  bool is_measured_ = false;     // Its body is read here, not by the parser.
  std::uint64_t body_left_ = 0;  // Of a measured one.
};

request_reader::request_reader(const request_limits& limits)
    : impl_(std::make_unique<impl>(limits)) {}

request_reader::~request_reader() = default;

request_reader::progress request_reader::feed(std::string_view& bytes) {
  return impl_->feed(bytes);
}

http_request request_reader::request() { return impl_->request(); }

std::span<char> request_reader::body_room() { return impl_->body_room(); }

request_reader::progress request_reader::commit(std::size_t count) {
  return impl_->commit(count);
}

request_reader::traits request_reader::connection_traits() const {
  return impl_->connection_traits();
}

}  // namespace kvc
