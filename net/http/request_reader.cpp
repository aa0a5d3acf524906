#include "net/http/request_reader.hpp"

#include "net/http/body_buffer.hpp"
#include "net/http/chunk_reader.hpp"
#include "net/http/head_scanner.hpp"
#include "net/http/request_fields.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace kvc {

namespace {

namespace http = boost::beast::http;
using error_code = boost::system::error_code;

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
      : limits_(limits),
        body_(limits.body_memory_used, limits.body_memory_bytes),
        chunks_({limits.body_bytes, limits.header_bytes}) {
    parser_.header_limit(std::numeric_limits<std::uint32_t>::max());
    parser_.body_limit(limits.body_bytes);
  }

  progress feed(std::string_view& bytes) {
    const bool had_header = parser_.is_header_done();
    if (!had_header) {
      const auto reached = take_header(bytes);
      if (reached != progress::complete)
        return reached;
    }
    const auto reached =
      parser_.chunked() ? chunks_.feed(bytes, body_) : take_body(bytes);
    return reached == progress::incomplete && !had_header && wants_continue()
             ? progress::wants_continue
             : reached;
  }

  std::span<char> body_room() {
    if (body_left_ == 0 || body_.text().size() < direct_bytes)
      return {};
    const auto room = body_.room();
    return room.first(
      std::min<std::uint64_t>({room.size(), body_left_, most_at_once}));
  }

  progress commit(std::size_t count) {
    body_.commit(count);
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
            .host = fields_.host.value_or(""),
            .origin = fields_.origin,
            .content_type = fields_.content_type.value_or(""),
            .body = body_.text()};
  }

  traits connection_traits() const {
    const auto& message = parser_.get();
    return {.keeps_alive = message.keep_alive(),
            .is_http_1_0 = message.version() == 10,
            .is_head = message.method() == http::verb::head};
  }

 private:
  /// Waits for the whole header and parses it.
  progress take_header(std::string_view& bytes) {
    const auto reached = scanner_.scan(bytes.substr(0, limits_.header_bytes));
    if (reached == progress::incomplete && bytes.size() >= limits_.header_bytes)
      return progress::header_too_long;
    if (reached != progress::complete)
      return reached;
    const auto header =
      bytes.substr(scanner_.begin(), scanner_.end() - scanner_.begin());
    bytes.remove_prefix(scanner_.end());
    error_code error;
    parser_.put(boost::asio::buffer(header.data(), header.size()), error);
    if (error == http::error::body_limit)
      return progress::body_too_long;
    if (error || !parser_.is_header_done())
      return progress::malformed;
    return begin_body();
  }

  progress begin_body() {
    const auto& message = parser_.get();
    const auto fields = read_fields(message, message.version() == 10);
    if (!fields)
      return progress::malformed;
    fields_ = *fields;
    body_left_ = parser_.content_length().value_or(0);
    body_.expect(parser_.chunked() ? limits_.body_bytes : body_left_);
    return progress::complete;
  }

  progress take_body(std::string_view& bytes) {
    const auto part =
      bytes.substr(0, std::min<std::uint64_t>(bytes.size(), body_left_));
    if (!body_.append(part))
      return progress::out_of_memory;
    bytes.remove_prefix(part.size());
    body_left_ -= part.size();
    return body_left_ == 0 ? progress::complete : progress::incomplete;
  }

  bool wants_continue() const {
    return parser_.get().version() >= 11 &&
           boost::beast::iequals(parser_.get()[http::field::expect],
                                 "100-continue");
  }

  /// What is large enough to be read in place. Before it has come, memory for
  /// it could be had by announcing it.
  static constexpr std::size_t direct_bytes = 32UL * 1024;

  /// Fresh memory takes its time; others wait meanwhile.
  static constexpr std::size_t most_at_once = 256UL * 1024;

  const request_limits& limits_;
  head_scanner scanner_;
  http::request_parser<http::empty_body> parser_;  // Of the header alone.
  request_fields fields_;
  body_buffer body_;
  chunk_reader chunks_;
  std::uint64_t body_left_ = 0;  // Of a body without chunks.
};

request_reader::request_reader(const request_limits& limits)
    : impl_(std::make_unique<impl>(limits)) {}

request_reader::request_reader(request_reader&& other) noexcept = default;
request_reader& request_reader::operator=(request_reader&& other) noexcept =
  default;
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
