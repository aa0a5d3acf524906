#pragma once

#include "tests/support/basp_frames.hpp"
#include "tests/support/fake_server.hpp"

#include <atomic>
#include <mutex>
#include <thread>

namespace kvc::test {

/// Stands between a client and a server, and records what the first client that
/// connects sends in CAF's protocol.
class link_recorder {
 public:
  explicit link_recorder(std::uint16_t target)
      : thread_([this, target] { relay(target); }) {}

  ~link_recorder() {
    ::shutdown(listener_.fd(), SHUT_RDWR);
    thread_.join();
  }

  link_recorder(const link_recorder&) = delete;
  link_recorder& operator=(const link_recorder&) = delete;

  std::uint16_t port() const { return listener_.port(); }

  /// Returns the frames so far.
  std::vector<bytes> frames() const {
    const std::lock_guard lock{mutex_};
    std::vector<bytes> result;
    auto at = sizeof(client_hello) + sizeof(link_proof);
    while (recorded_.size() >= at + 32) {
      std::size_t length = 32;
      for (std::size_t i = 4, shift = 24; i < 8; ++i, shift -= 8)
        length += std::size_t{recorded_[at + i]} << shift;
      if (recorded_.size() < at + length)
        break;
      const auto begin = recorded_.begin() + static_cast<std::ptrdiff_t>(at);
      result.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(length));
      at += length;
    }
    return result;
  }

 private:
  void relay(std::uint16_t target) {
    const auto accepted = ::accept(listener_.fd(), nullptr, nullptr);
    if (accepted < 0)
      return;
    const auto client = raw_peer::adopt(accepted);
    const raw_peer server{target};
    std::thread back{[&] { pump(server, client, nullptr); }};
    pump(client, server, &recorded_);
    back.join();
  }

  void pump(const raw_peer& from, const raw_peer& to, bytes* record) {
    from.set_patience(0);  // For ever.
    bytes buffer(65536);
    for (;;) {
      const auto count = from.receive_some(buffer);
      if (count == 0)
        break;
      const auto part = byte_span{buffer}.first(count);
      if (record != nullptr) {
        const std::lock_guard lock{mutex_};
        record->insert(record->end(), part.begin(), part.end());
      }
      if (!to.send(part))
        break;
    }
    to.finish();
  }

  silent_port listener_{8};
  mutable std::mutex mutex_;
  bytes recorded_;
  std::thread thread_;
};

}  // namespace kvc::test
