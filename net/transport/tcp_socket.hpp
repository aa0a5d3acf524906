#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace kvc {

/// Gives `socket`, which may be an acceptor, the descriptor `fd`, or fails as
/// errno says if that is negative.
template <class Socket>
void adopt_descriptor(Socket& socket, const boost::asio::ip::tcp& protocol,
                      int fd, boost::system::error_code& failure) {
  if (fd < 0) {
    failure.assign(errno, boost::system::system_category());
    return;
  }
  socket.assign(protocol, fd, failure);
  if (failure)
    ::close(fd);
}

/// Opens a socket as its member open() does; but the children of this process
/// do not inherit it.
template <class Socket>
void open_private(Socket& socket, const boost::asio::ip::tcp& protocol,
                  boost::system::error_code& failure) {
  adopt_descriptor(socket, protocol,
                   ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC,
                            protocol.protocol()),
                   failure);
}

}  // namespace kvc
