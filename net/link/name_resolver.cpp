#include "net/link/name_resolver.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

#include <mutex>
#include <thread>
#include <utility>

namespace kvc {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct name_resolver::shared_state {
  std::mutex mutex;
  asio::io_context* io = nullptr;  ///< Null when nobody waits any more.
  bool is_busy = false;
};

name_resolver::name_resolver(asio::io_context& io)
    : io_(io), state_(std::make_shared<shared_state>()) {
  state_->io = &io;
}

name_resolver::~name_resolver() {
  const std::lock_guard lock{state_->mutex};
  state_->io = nullptr;
}

void name_resolver::resolve(const std::string& host, std::uint16_t port,
                            callback done) {
  error_code failure;
  const auto address = asio::ip::make_address(host, failure);
  if (!failure)
    return asio::post(io_, [done = std::move(done), address, port] {
      done({}, {tcp::endpoint{address, port}});
    });
  const std::lock_guard lock{state_->mutex};
  if (std::exchange(state_->is_busy, true))
    return asio::post(
      io_, [done = std::move(done)] { done(asio::error::try_again, {}); });
  std::thread{[state = state_, host, port, done = std::move(done)]() mutable {
    asio::io_context unused;
    error_code error;
    const auto results =
      tcp::resolver{unused}.resolve(host, std::to_string(port), error);
    endpoints found;
    for (const auto& entry : results)
      found.push_back(entry.endpoint());
    const std::lock_guard guard{state->mutex};
    state->is_busy = false;
    if (state->io != nullptr)
      asio::post(*state->io, [done = std::move(done), error, found] {
        done(error, found);
      });
  }}.detach();
}

}  // namespace kvc
