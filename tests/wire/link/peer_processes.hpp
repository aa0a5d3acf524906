#pragma once

#include "tests/wire/link/peer_fixture.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <set>

namespace kvc::test {

/// A process that is a peer.
struct peer_process {
  pid_t id = 0;
  std::uint16_t port = 0;  ///< 0 if it could not dial.
};

/// Peers in processes of their own. They are forked by a process that has one
/// thread for ever, so make this while the test has one thread.
class peer_processes {
 public:
  peer_processes() {
    REQUIRE(::pipe(to_.data()) == 0);
    REQUIRE(::pipe(from_.data()) == 0);
    nursery_ = ::fork();
    REQUIRE(nursery_ >= 0);
    if (nursery_ == 0)
      fork_peers();
  }

  ~peer_processes() {
    for (const auto id : alive_)
      ::kill(id, SIGKILL);
    ::kill(nursery_, SIGKILL);
    ::waitpid(nursery_, nullptr, 0);
    for (const auto fd : {to_[0], to_[1], from_[0], from_[1]})
      ::close(fd);
  }

  peer_processes(const peer_processes&) = delete;
  peer_processes& operator=(const peer_processes&) = delete;

  /// Starts a peer that listens, and dials `port` unless that is 0.
  peer_process start(std::uint16_t port) {
    peer_process result;
    REQUIRE(::write(to_[1], &port, sizeof port) == sizeof port);
    pollfd answer{from_[0], POLLIN, 0};
    REQUIRE(::poll(&answer, 1, 20'000) == 1);
    REQUIRE(::read(from_[0], &result, sizeof result) == sizeof result);
    alive_.insert(result.id);
    REQUIRE(result.port != 0);
    return result;
  }

  void signal(const peer_process& peer, int number) const {
    REQUIRE(::kill(peer.id, number) == 0);
  }

  void kill(const peer_process& peer) {
    signal(peer, SIGKILL);
    alive_.erase(peer.id);
  }

 private:
  [[noreturn]] void fork_peers() const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGCHLD, SIG_IGN);  // Nobody waits for the peers.
    std::uint16_t port = 0;
    while (::read(to_[0], &port, sizeof port) == sizeof port)
      if (::fork() == 0)
        be_peer(port);
    ::_exit(0);
  }

  [[noreturn]] void be_peer(std::uint16_t port) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    peer_node self{"process"};
    peer_process card{::getpid(), self.port()};
    if (port != 0 && !self.dial(port))
      card.port = 0;
    if (::write(from_[1], &card, sizeof card) != sizeof card)
      ::_exit(1);
    for (;;)
      ::pause();
  }

  std::array<int, 2> to_{};
  std::array<int, 2> from_{};
  pid_t nursery_ = -1;
  std::set<pid_t> alive_;
};

}  // namespace kvc::test
