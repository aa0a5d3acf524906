#include "net/http/client.hpp"

#include "messages/errors.hpp"

#include <utility>  // Boost 1.74 forgets it.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <future>
#include <optional>
#include <thread>

namespace kvc {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using time_point = std::chrono::steady_clock::time_point;
using endpoint_list = asio::ip::tcp::resolver::results_type;
using outgoing = http::request<http::span_body<const char>>;
using incoming = http::response_parser<http::string_body>;

struct resolution {
  error_code error;
  endpoint_list endpoints;
};

/// Looks the host up in a thread that may outlive the deadline, because nothing
/// can interrupt getaddrinfo.
resolution resolve(const std::string& host, std::uint16_t port,
                   time_point deadline) {
  std::promise<resolution> promise;
  auto answer = promise.get_future();
  std::thread{[promise = std::move(promise), host, port]() mutable {
    asio::io_context context;
    resolution result;
    result.endpoints = asio::ip::tcp::resolver{context}.resolve(
      host, std::to_string(port), asio::ip::resolver_base::numeric_service,
      result.error);
    promise.set_value(std::move(result));
  }}.detach();
  if (answer.wait_until(deadline) == std::future_status::timeout)
    return {beast::error::timeout, {}};
  return answer.get();
}

bool is_closed(const error_code& error) {
  return error == http::error::end_of_stream ||
         error == http::error::partial_message ||
         error == asio::error::connection_reset ||
         error == asio::error::broken_pipe || error == asio::error::eof;
}

}  // namespace

class http_client::impl {
 public:
  explicit impl(http_client_options options)
      : options_(std::move(options)),
        authority_((options_.host.find(':') == std::string::npos
                      ? options_.host
                      : '[' + options_.host + ']') +
                   ':' + std::to_string(options_.port)) {}

  caf::expected<http_reply> ask(outgoing request) {
    deadline_ = std::chrono::steady_clock::now() + options_.deadline;
    request.set(http::field::host, authority_);
    request.set(http::field::user_agent, "kvc");
    request.prepare_payload();
    if (stream_) {
      const auto error = exchange(request);
      if (!is_closed(error) || reply_->got_some())
        return finish(error);
    }
    if (const auto error = connect())
      return give_up(error, errc::unreachable);
    return finish(exchange(request));
  }

 private:
  /// Runs the operation that `start` begins to its end, which the stream's
  /// deadline bounds.
  template <class Start>
  error_code run(Start start) {
    error_code result;
    start([&](const error_code& error, const auto&...) { result = error; });
    context_.restart();
    context_.run();
    return result;
  }

  error_code connect() {
    auto [error, endpoints] = resolve(options_.host, options_.port, deadline_);
    if (error)
      return error;
    buffer_.clear();
    stream_.emplace(context_);
    stream_->expires_at(deadline_);
    error = run([this, &endpoints = endpoints](auto done) {
      stream_->async_connect(endpoints, std::move(done));
    });
    if (!error)
      stream_->socket().set_option(asio::ip::tcp::no_delay{true}, error);
    return error;
  }

  error_code exchange(const outgoing& request) {
    reply_.emplace();
    reply_->body_limit(options_.body_limit_bytes);
    stream_->expires_at(deadline_);
    const auto error = run([&](auto done) {
      http::async_write(*stream_, request, std::move(done));
    });
    is_sent_ = !error;
    // A server that refuses early has answered before it closed.
    if (error && !is_closed(error))
      return error;
    // The header by itself, because Beast 1.74 forgets that a Content-Length is
    // over the limit if it reads on.
    if (const auto head_error = run([&](auto done) {
          http::async_read_header(*stream_, buffer_, *reply_, std::move(done));
        }))
      return head_error;
    return run([&](auto done) {
      http::async_read(*stream_, buffer_, *reply_, std::move(done));
    });
  }

  caf::expected<http_reply> finish(const error_code& error) {
    if (error)
      return give_up(
        error, is_closed(error) ? errc::connection_lost : errc::unreachable);
    if (!is_sent_ || !reply_->keep_alive())
      stream_.reset();
    auto& message = reply_->get();
    return http_reply{message.result_int(), std::move(message.body())};
  }

  caf::error give_up(const error_code& error, errc otherwise) {
    stream_.reset();
    auto code = otherwise;
    if (error == beast::error::timeout)
      code = errc::timed_out;
    else if (error == http::error::body_limit)
      code = errc::no_capacity;
    return caf::make_error(code, authority_ + ": " + error.message());
  }

  http_client_options options_;
  std::string authority_;
  time_point deadline_;
  asio::io_context context_;
  std::optional<beast::tcp_stream> stream_;  ///< Set while connected.
  beast::flat_buffer buffer_;
  bool is_sent_ = false;           ///< The last request, completely.
  std::optional<incoming> reply_;  ///< To the last request.
};

http_client::http_client(http_client_options options)
    : impl_(std::make_unique<impl>(std::move(options))) {}

http_client::~http_client() = default;

caf::expected<http_reply> http_client::get(std::string_view target) {
  return impl_->ask({http::verb::get, {target.data(), target.size()}, 11});
}

caf::expected<http_reply> http_client::post(std::string_view target,
                                            std::string_view body) {
  outgoing request{http::verb::post, {target.data(), target.size()}, 11};
  request.set(http::field::content_type, "application/json");
  request.body() = {body.data(), body.size()};
  return impl_->ask(std::move(request));
}

}  // namespace kvc
