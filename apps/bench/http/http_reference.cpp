#include "apps/bench/http/http_reference.hpp"

#include "apps/bench/clocks.hpp"
#include "messages/errors.hpp"
#include "net/transport/tcp_listener.hpp"

#include <utility>  // Boost 1.74 forgets it.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <pthread.h>
#include <optional>
#include <thread>
#include <vector>

namespace kvc {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t body_limit = 16UL * 1024 * 1024;

class bare_session : public std::enable_shared_from_this<bare_session> {
 public:
  bare_session(tcp::socket socket, const std::string& answer)
      : socket_(std::move(socket)) {
    response_.set(http::field::content_type, "application/json");
    response_.body() = answer;
    response_.prepare_payload();
  }

  void read() {
    parser_.emplace();
    parser_->body_limit(body_limit);
    http::async_read(socket_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) {
                       if (!error)
                         self->write();
                     });
  }

 private:
  void write() {
    http::async_write(socket_, response_,
                      [self = shared_from_this()](error_code error, size_t) {
                        if (!error)
                          self->read();
                      });
  }

  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  http::response<http::string_body> response_;
};

}  // namespace

class http_reference::impl {
 public:
  impl(std::string answer, std::size_t threads)
      : answer_(std::move(answer)), lanes_(threads) {}

  impl(const impl&) = delete;
  impl& operator=(const impl&) = delete;

  ~impl() {
    for (auto& each : lanes_) {
      each.context.stop();
      if (each.thread.joinable())
        each.thread.join();
    }
  }

  bool start() {
    error_code error;
    port_ = listener_.listen("127.0.0.1", 0, error).port();
    if (error)
      return false;
    accept(0);
    for (auto& each : lanes_)
      each.thread = std::jthread{[&each] {
        const auto work = asio::make_work_guard(each.context);
        each.context.run();
      }};
    return true;
  }

  std::uint16_t port() const { return port_; }

  double cpu_seconds() {
    double seconds = 0;
    for (auto& each : lanes_) {
      clockid_t clock{};
      if (pthread_getcpuclockid(each.thread.native_handle(), &clock) == 0)
        seconds += seconds_of(clock);
    }
    return seconds;
  }

 private:
  struct lane {
    asio::io_context context{1};
    std::jthread thread;
  };

  void accept(std::size_t turn) {
    auto& target = lanes_[turn % lanes_.size()].context;
    listener_.accept(
      target,
      [this, turn, &target](tcp::socket socket) {
        error_code ignored;
        socket.set_option(tcp::no_delay{true}, ignored);
        auto added = std::make_shared<bare_session>(std::move(socket), answer_);
        asio::post(target, [added] { added->read(); });
        accept(turn + 1);
      },
      [](error_code) {});
  }

  std::string answer_;
  std::vector<lane> lanes_;
  tcp_listener listener_{lanes_.front().context};
  std::uint16_t port_ = 0;
};

caf::expected<http_reference> http_reference::start(std::string answer,
                                                    std::size_t threads) {
  auto running = std::make_unique<impl>(std::move(answer), threads);
  if (!running->start())
    return caf::make_error(errc::unreachable, "a port for the bare server");
  return http_reference{std::move(running)};
}

http_reference::http_reference(std::unique_ptr<impl> running)
    : impl_(std::move(running)) {}

http_reference::http_reference(http_reference&& other) noexcept = default;

http_reference::~http_reference() = default;

std::uint16_t http_reference::port() const { return impl_->port(); }

double http_reference::cpu_seconds() const { return impl_->cpu_seconds(); }

}  // namespace kvc
