#include "net/link/refusal_log.hpp"

#include "messages/log.hpp"

namespace kvc {

void refusal_log::add(std::string_view peer, std::string_view reason) {
  const auto now = clock::now();
  if (now < quiet_until_) {
    ++suppressed_;
    return;
  }
  flush();
  quiet_until_ = now + std::chrono::seconds{1};
  spdlog::warn("link: refused peer={} reason=\"{}\"", peer, reason);
}

void refusal_log::flush() {
  if (suppressed_ > 0)
    spdlog::warn("link: refused more count={}", suppressed_);
  suppressed_ = 0;
}

}  // namespace kvc
