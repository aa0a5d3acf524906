#pragma once

#include "tests/wire/ucx/ucx_fixture.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <thread>

namespace kvc::test {

/// A process of wire_ucx_peer, which owns a filled memory. It ends with this
/// object.
class peer_process {
 public:
  peer_process(std::uint64_t bytes, std::uint64_t seed, bool is_shared) {
    std::array<int, 2> to{};
    std::array<int, 2> from{};
    REQUIRE(::pipe2(to.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(from.data(), O_CLOEXEC) == 0);
    const auto bytes_text = std::to_string(bytes);
    const auto seed_text = std::to_string(seed);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::dup2(to[0], 0);
      ::dup2(from[1], 1);
      ::execl(KVC_UCX_PEER, KVC_UCX_PEER, bytes_text.c_str(), seed_text.c_str(),
              is_shared ? "shared" : "tcp", nullptr);
      ::_exit(127);
    }
    ::close(to[0]);
    ::close(from[1]);
    input_ = to[1];
    read_address(from[0]);
    ::close(from[0]);
  }

  peer_process(const peer_process&) = delete;
  peer_process& operator=(const peer_process&) = delete;

  ~peer_process() { kill(); }

  const std::shared_ptr<const std::string>& address() const { return address_; }
  std::uint16_t port() const { return port_; }
  int pid() const { return pid_; }

  void send(int signal) const { ::kill(pid_, signal); }

  /// Ends it with SIGKILL.
  void kill() {
    if (pid_ <= 0)
      return;
    send(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    ::close(input_);
    pid_ = 0;
  }

  /// Returns whether it ends by itself within `time`.
  bool ends(std::chrono::milliseconds time) const {
    const auto deadline = std::chrono::steady_clock::now() + time;
    siginfo_t ended{};
    do {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
      ::waitid(P_PID, static_cast<id_t>(pid_), &ended,
               WEXITED | WNOHANG | WNOWAIT);
    } while (ended.si_pid == 0 && std::chrono::steady_clock::now() < deadline);
    return ended.si_pid != 0;
  }

  /// Ends its input and returns its exit code, or -1 if a signal ended it.
  int leave() {
    ::close(input_);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  /// Reads the line of hexadecimal digits and the port.
  void read_address(int fd) {
    std::string line;
    for (char x = 0; ::read(fd, &x, 1) == 1 && x != '\n';)
      line += x;
    const auto digits = line.find(' ');
    REQUIRE(digits != std::string::npos);
    port_ = static_cast<std::uint16_t>(std::stoi(line.substr(digits)));
    std::string result;
    for (std::size_t i = 0; i + 1 < digits; i += 2)
      result += static_cast<char>(std::stoi(line.substr(i, 2), nullptr, 16));
    address_ = std::make_shared<std::string>(std::move(result));
  }

  int pid_ = 0;
  int input_ = -1;
  std::uint16_t port_ = 0;
  std::shared_ptr<const std::string> address_;
};

}  // namespace kvc::test
