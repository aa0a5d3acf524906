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

/// Looks up host names without making anybody wait for the system's resolver,
/// which may take half a minute and cannot be interrupted. Use it from the
/// thread of its io_context only.
class name_resolver {
 public:
  using addresses = std::vector<boost::asio::ip::address>;
  using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  /// Blocks until the addresses of a host are known. Called from any thread,
  /// and may return after the resolver is gone.
  using lookup =
    std::function<addresses(const std::string&, boost::system::error_code&)>;
  using callback =
    std::function<void(const boost::system::error_code&, const endpoints&)>;

  /// Names that are looked up at once, each on a thread; others wait their
  /// turn. More than a worker dials at once, for those that are stuck.
  static constexpr std::size_t max_running = 8;

  /// Asks the system, or `ask` if there is one.
  explicit name_resolver(boost::asio::io_context& io, lookup ask = nullptr);
  ~name_resolver();  ///< Returns at once; what runs is left to itself.

  name_resolver(const name_resolver&) = delete;
  name_resolver& operator=(const name_resolver&) = delete;

  /// Calls `done` from the io_context, unless this object is gone by then or
  /// the ticket that this returns is cancelled. A name that is being looked up
  /// already is not looked up twice. There is no deadline.
  std::uint64_t resolve(const std::string& host, std::uint16_t port,
                        callback done);

  /// Forgets who waits with `ticket`, if anybody.
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
