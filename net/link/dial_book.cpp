#include "net/link/dial_book.hpp"

namespace kvc {

namespace {

constexpr std::size_t max_waiting = 4096;
constexpr int max_retries = 3;

}  // namespace

bool dial_book::is_full() const { return waiting_ >= max_waiting; }

std::pair<dial_book::entry, bool> dial_book::add(
  const host_and_port& target,
  caf::typed_response_promise<peer_actor> promise) {
  const auto result = dials_.try_emplace(target);
  auto& dial = result.first->second;
  dial.waiting.push_back(std::move(promise));
  ++waiting_;
  if (result.second) {
    dial.id = ++last_number_;
    dial.retries = max_retries;
  }
  return result;
}

std::optional<dial_book::entry> dial_book::find(const host_and_port& target,
                                                std::uint64_t number) {
  const auto found = dials_.find(target);
  if (found == dials_.end() || found->second.number != number)
    return {};
  return found;
}

std::optional<dial_book::entry> dial_book::find_begun(
  const host_and_port& target, std::uint64_t id) {
  const auto found = dials_.find(target);
  if (found == dials_.end() || found->second.id != id)
    return {};
  return found;
}

peer_dial dial_book::take(entry dial) {
  auto result = std::move(dials_.extract(dial).mapped());
  waiting_ -= result.waiting.size();
  return result;
}

}  // namespace kvc
