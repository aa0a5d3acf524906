#pragma once

#include "messages/errors.hpp"
#include "net/link/connector.hpp"
#include "net/link/handshake.hpp"
#include "net/link/name_resolver.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace kvc {

struct outbound_settings {
  const connector_options& options;
  process_id self;
  std::shared_ptr<link_table> links;  ///< May be null.
  host_and_port target;
};

/// One attempt to reach a process: resolves its name, connects, and does the
/// client's side of our handshake. Runs on the connector's thread.
class outbound : public std::enable_shared_from_this<outbound> {
 public:
  outbound(boost::asio::io_context& io, outbound_settings settings,
           link_connector::callback done);

  /// Begins. `resolver` must live until the attempt has ended.
  void start(name_resolver& resolver);

 private:
  void set_deadline(std::chrono::milliseconds timeout, std::string_view doing);
  void connect(const name_resolver::endpoints& endpoints, std::size_t next);
  void say_hello();
  void check_version();
  void check_answer();
  void check_verdict();
  host_address own_address() const;
  void tell_distrust();
  void leave();
  void finish();
  void fail(errc code, std::string_view what);

  template <class Buffer>
  void send(Buffer buffer);
  template <class Buffer, class Next>
  void read(Buffer buffer, Next next);

  outbound_settings settings_;
  link_connector::callback done_;  ///< Null once called.
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  client_hello hello_;
  server_hello answer_{};
  link_proof proof_{};
  verdict verdict_{};
  connect_result result_;
  name_resolver* resolver_ = nullptr;
  std::uint64_t ticket_ = 0;  ///< For the resolver.
};

}  // namespace kvc
