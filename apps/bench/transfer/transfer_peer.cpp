#include "apps/bench/transfer/transfer_peer.hpp"

#include "apps/bench/clocks.hpp"
#include "apps/bench/transfer/plain_socket.hpp"
#include "messages/errors.hpp"
#include "net/transport/transport_module.hpp"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

namespace kvc {

namespace {

caf::error unreachable(std::string what) {
  return caf::make_error(errc::unreachable, std::move(what));
}

void send_text(int fd, const std::string& text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  if (::send(fd, &length, sizeof length, MSG_NOSIGNAL) > 0)
    ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

std::string receive_text(int fd) {
  std::uint32_t length = 0;
  if (::recv(fd, &length, sizeof length, MSG_WAITALL) != sizeof length ||
      length > 4'096)
    return {};
  std::string result(length, '\0');
  const auto received = ::recv(fd, result.data(), length, MSG_WAITALL);
  return received == static_cast<ssize_t>(length) ? result : std::string{};
}

/// What the forked process does: tells its addresses, or an error, and serves
/// until the other end closes.
void own(int control, std::uint64_t bytes) {
  const auto shared = open_transport({.memory_bytes = bytes});
  const auto tcp =
    open_transport({.memory_bytes = bytes, .allow_shared_memory = false});
  if (!shared.value || !tcp.value) {
    send_text(control, "");
    send_text(control, shared.value ? tcp.error : shared.error);
    return;
  }
  fill_transfer_memory(shared.value->memory().data(), bytes);
  fill_transfer_memory(tcp.value->memory().data(), bytes);
  std::uint16_t port = 0;
  const auto listener = plain_listen(port);
  std::thread{[&] { plain_serve(listener, tcp.value->memory()); }}.detach();
  send_text(control, shared.value->address());
  send_text(control, tcp.value->address());
  send_text(control, std::to_string(port));
  char end = 0;
  (void)!::recv(control, &end, 1, 0);
}

}  // namespace

caf::expected<transfer_peer> transfer_peer::start(std::uint64_t bytes) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return unreachable("no socket pair");
  transfer_peer result;
  result.control_ = file_descriptor{ends[0]};
  file_descriptor theirs{ends[1]};
  result.pid_ = ::fork();
  if (result.pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    result.control_.close();
    own(theirs.get(), bytes);
    ::_exit(0);
  }
  theirs.close();
  auto shared = receive_text(result.control_.get());
  auto tcp = receive_text(result.control_.get());
  if (shared.empty())
    return unreachable(tcp.empty() ? "a peer ended" : tcp);
  result.shared_ = std::make_shared<std::string>(std::move(shared));
  result.tcp_ = std::make_shared<std::string>(std::move(tcp));
  result.socket_port_ =
    static_cast<std::uint16_t>(std::stoul(receive_text(result.control_.get())));
  return result;
}

transfer_peer::transfer_peer(transfer_peer&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      control_(std::move(other.control_)),
      shared_(std::move(other.shared_)),
      tcp_(std::move(other.tcp_)),
      socket_port_(other.socket_port_) {}

transfer_peer& transfer_peer::operator=(transfer_peer&& other) noexcept {
  std::swap(pid_, other.pid_);
  control_ = std::move(other.control_);
  std::swap(shared_, other.shared_);
  std::swap(tcp_, other.tcp_);
  std::swap(socket_port_, other.socket_port_);
  return *this;
}

transfer_peer::~transfer_peer() {
  if (pid_ <= 0)
    return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

double transfer_peer::cpu_seconds() const { return process_cpu_seconds(pid_); }

void fill_transfer_memory(std::byte* memory, std::uint64_t bytes) {
  for (std::uint64_t i = 0; i + 8 <= bytes; i += 8) {
    const auto word = i * 0x9e3779b97f4a7c15U;
    std::memcpy(memory + i, &word, sizeof word);
  }
}

}  // namespace kvc
