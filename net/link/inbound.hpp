#pragma once

#include "messages/errors.hpp"
#include "net/link/basp.hpp"
#include "net/link/handshake.hpp"
#include "net/link/link_table.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace kvc {

class inbound;

/// What an inbound connection needs from its acceptor, which owns it. Called on
/// the acceptor's thread.
class inbound_host {
 public:
  virtual ~inbound_host() = default;

  virtual const std::string& secret() const = 0;

  /// Returns where others reach a peer that we see at `address`.
  virtual boost::asio::ip::address reachable(
    const boost::asio::ip::address& address) const = 0;

  /// The table that decides which connections become links.
  virtual link_table& links() = 0;

  /// Hands an authenticated peer to CAF, and fills `place` with the link.
  virtual std::shared_ptr<adopted_socket> adopt(link_place& place,
                                                const proven_socket& peer) = 0;

  /// Returns whether `link` has come as far as it must within the deadline.
  virtual bool is_up(const adopted_socket& link) const = 0;

  /// Called when `peer`, which speaks our protocol, cannot get a link.
  virtual void refused(const inbound& peer, errc why,
                       const std::string& detail) = 0;

  /// Called once, when `peer` needs no attention any more. The reason is why it
  /// was refused; empty if its link is up or is not wanted.
  virtual void finished(const inbound& peer, std::string_view reason) = 0;
};

/// An accepted connection, until the link is up. Runs on the acceptor's thread.
class inbound : public std::enable_shared_from_this<inbound> {
 public:
  inbound(boost::asio::ip::tcp::socket socket, inbound_host& host);

  /// Starts our handshake. The link must be up within `timeout`.
  void start(std::chrono::milliseconds timeout);

  /// Ends our part. Closes the connection unless its link is up by now.
  void end(std::string_view reason);

  /// Returns the peer's address and port, for logs.
  const std::string& address() const { return address_; }

  /// Returns the peer's address.
  std::string ip() const;

 private:
  void read_preamble(std::size_t received);
  void check_preamble();
  void read_hello();
  void answer_hello();
  void read_proof();
  void check_proof();
  void refuse(errc why, std::string detail);
  void part();
  void admit();
  void hand_over();

  template <class Next>
  auto then(Next next);
  template <class Buffer, class Next>
  void read(Buffer buffer, Next next);
  template <class Buffer, class Next>
  void write(Buffer buffer, Next next);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer deadline_;
  boost::asio::steady_timer poll_;
  inbound_host& host_;
  boost::asio::ip::tcp::endpoint peer_;
  std::string address_;
  client_hello hello_{};
  server_hello answer_{};
  link_proof proof_{};
  std::array<std::uint8_t, 256> rest_{};
  std::string reason_;
  verdict verdict_ = verdict::unauthorized;
  std::uint64_t answered_at_ = 0;  ///< By link_table::now().
  std::unique_ptr<link_place> place_;
  std::shared_ptr<adopted_socket> link_;
  bool is_finished_ = false;
};

}  // namespace kvc
