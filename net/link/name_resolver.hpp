#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kvc {

/// Looks up host names on threads of their own, because the system's resolver
/// may block for half a minute and cannot be interrupted. Use it from the
/// thread of its io_context only.
class name_resolver {
 public:
  using addresses = std::vector<boost::asio::ip::address>;
  using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  /// Blocks until the addresses of a host are known. Called from other threads;
  /// may return after the resolver is gone.
  using lookup =
    std::function<addresses(const std::string&, boost::system::error_code&)>;
  using callback =
    std::function<void(const boost::system::error_code&, const endpoints&)>;

  /// How many names are looked up at once; the others wait their turn. It is
  /// more than a worker dials at once, since lookups may be stuck.
  static constexpr std::size_t max_running = 8;

  /// Asks the system, or `ask` if given.
  explicit name_resolver(boost::asio::io_context& io, lookup ask = nullptr);
  ~name_resolver();  ///< Returns at once; running threads end by themselves.

  name_resolver(const name_resolver&) = delete;
  name_resolver& operator=(const name_resolver&) = delete;

  /// Calls `done` from the io_context, unless this object is gone by then.
  /// Returns a ticket for cancel(). All who wait for a name share one lookup.
  /// There is no deadline.
  std::uint64_t resolve(const std::string& host, std::uint16_t port,
                        callback done);

  /// The callback of `ticket` is not called any more.
  void cancel(std::uint64_t ticket);

 private:
  struct waiter {
    std::uint64_t ticket = 0;
    std::uint16_t port = 0;
    callback done;
  };

  struct name_state {
    bool is_running = false;
    std::vector<waiter> waiters;
  };

  struct mail_slot;

  void start_next();
  void start(const std::string& host);
  void finish(const std::string& host, const boost::system::error_code& failure,
              const addresses& found);
  void answer(const std::string& host, const boost::system::error_code& failure,
              const addresses& found);

  boost::asio::io_context& io_;
  lookup lookup_;
  std::shared_ptr<mail_slot> slot_;
  std::map<std::string, name_state> names_;
  std::deque<std::string> queue_;  ///< Names that wait their turn.
  std::size_t running_ = 0;
  std::uint64_t last_ticket_ = 0;
};

}  // namespace kvc
