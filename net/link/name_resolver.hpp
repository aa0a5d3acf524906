#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kvc {

/// Looks up host names without making anybody wait for the system's resolver,
/// which may take half a minute and cannot be interrupted.
class name_resolver {
 public:
  using endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
  using callback =
    std::function<void(const boost::system::error_code&, endpoints)>;

  explicit name_resolver(boost::asio::io_context& io);
  ~name_resolver();  ///< Returns at once; what runs is left to itself.

  name_resolver(const name_resolver&) = delete;
  name_resolver& operator=(const name_resolver&) = delete;

  /// Calls `done` from the io_context, unless this object is gone by then.
  /// Fails with try_again while an earlier look-up is stuck.
  void resolve(const std::string& host, std::uint16_t port, callback done);

 private:
  struct shared_state;

  boost::asio::io_context& io_;
  std::shared_ptr<shared_state> state_;
};

}  // namespace kvc
