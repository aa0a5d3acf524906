#include "apps/node/process.hpp"

#include "messages/log.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <thread>

namespace kvc {

namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  return signals;
}

/// Returns the numeric form of the address to which `socket` is bound.
std::string bound_address(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  std::array<char, NI_MAXHOST> text{};
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) !=
        0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&address), length, text.data(),
                  static_cast<socklen_t>(text.size()), nullptr, 0,
                  NI_NUMERICHOST) != 0)
    return {};
  return text.data();
}

}  // namespace

void start_logging(const std::string& level) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("kvc"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %^%l%$ %v");
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::flush_on(spdlog::level::info);
}

void raise_file_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

process_end::process_end(std::chrono::milliseconds patience)
    : exit_code_(std::make_shared<std::atomic<int>>(0)) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::promise<void> asked;
  is_asked_for_ = asked.get_future().share();
  std::thread{[=, code = exit_code_, asked = std::move(asked)]() mutable {
    int signal = 0;
    sigwait(&signals, &signal);
    asked.set_value();
    std::this_thread::sleep_for(patience);
    _exit(*code);
  }}.detach();
}

void process_end::request() const { kill(getpid(), SIGTERM); }

void process_end::fail() const {
  *exit_code_ = 1;
  request();
}

int process_end::wait() const {
  is_asked_for_.wait();
  return *exit_code_;
}

std::uint64_t unix_time_ns() {
  return static_cast<std::uint64_t>(
    std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch())
      .count());
}

std::string local_address_towards(const std::string& host) {
  std::string result;
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), "9", &hints, &found) != 0)
    return "127.0.0.1";
  // Connecting a datagram socket sends nothing, but chooses the interface.
  const auto fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    if (connect(fd, found->ai_addr, found->ai_addrlen) == 0)
      result = bound_address(fd);
    close(fd);
  }
  freeaddrinfo(found);
  return result.empty() ? "127.0.0.1" : result;
}

}  // namespace kvc
