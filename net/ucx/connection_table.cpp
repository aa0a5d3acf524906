#include "net/ucx/connection_table.hpp"

#include <algorithm>
#include <utility>

namespace kvc::ucx {

namespace {

constexpr int max_pause_factor = 32;

/// How long a peer has to notice that a connection was cut. Until then
/// UCX 1.13.1 takes a new connection for the old one, and messages get lost.
constexpr std::chrono::milliseconds rest{200};

constexpr std::size_t max_losses = 4'096;

bool is_in_use(const connection& x) {
  return x.usage->reads > 0 || x.usage->answers > 0;
}

}  // namespace

connection_table::connection_table(ucp_worker_h worker,
                                   transport_options options,
                                   steady::duration idle_timeout, bool may_map)
    : worker_(worker),
      options_(std::move(options)),
      idle_timeout_(idle_timeout),
      may_map_(may_map) {}

connection* connection_table::find(std::uint64_t incarnation) {
  const auto found = connections_.find(incarnation);
  return found == connections_.end() || found->second->has_failed
           ? nullptr
           : found->second.get();
}

connection* connection_table::connect(const peer_address& peer) {
  if (const auto found = connections_.find(peer.incarnation);
      found != connections_.end())
    return found->second->has_failed ? nullptr : found->second.get();
  if (is_paused(peer.incarnation) || !make_room())
    return nullptr;
  auto made = connection::open(worker_, peer, may_map_);
  if (!made) {
    note_loss(peer.incarnation);
    return nullptr;
  }
  made->session = ++last_session_;
  return connections_.emplace(peer.incarnation, std::move(made))
    .first->second.get();
}

void connection_table::cut(std::uint64_t incarnation) {
  if (connections_.erase(incarnation) > 0)
    rests_[incarnation] = steady::now() + rest;
}

void connection_table::cut_failed(
  const std::function<void(std::uint64_t)>& lost) {
  for (auto x = connections_.begin(); x != connections_.end();) {
    if (!x->second->has_failed) {
      ++x;
      continue;
    }
    const auto incarnation = x->first;
    // A peer may close an idle connection: that is no loss.
    if (x->second->usage->reads > 0)
      note_loss(incarnation);
    x = connections_.erase(x);
    lost(incarnation);
  }
}

void connection_table::cut_idle(steady::time_point now) {
  std::erase_if(rests_, [&](const auto& x) { return x.second <= now; });
  std::erase_if(connections_, [&](const auto& x) {
    const auto is_idle =
      !is_in_use(*x.second) && x.second->last_used + idle_timeout_ <= now;
    if (is_idle)
      rests_[x.first] = now + rest;
    return is_idle;
  });
}

std::optional<steady::time_point> connection_table::rests_until(
  std::uint64_t incarnation) {
  const auto found = rests_.find(incarnation);
  if (found == rests_.end() || found->second <= steady::now())
    return std::nullopt;
  return found->second;
}

steady::time_point connection_table::next_idle() const {
  auto result = steady::time_point::max();
  for (const auto& [incarnation, x] : connections_)
    if (!is_in_use(*x))
      result = std::min(result, x->last_used + idle_timeout_);
  return result;
}

bool connection_table::is_paused(std::uint64_t incarnation) const {
  const auto found = losses_.find(incarnation);
  return found != losses_.end() && steady::now() < found->second.until;
}

void connection_table::note_loss(std::uint64_t incarnation) {
  const auto now = steady::now();
  const auto most = options_.lost_peer_pause * max_pause_factor;
  if (losses_.size() >= max_losses)
    std::erase_if(losses_,
                  [&](const auto& x) { return x.second.until + most < now; });
  if (losses_.size() >= max_losses)
    losses_.clear();
  const auto [x, is_new] =
    losses_.try_emplace(incarnation, loss{now, options_.lost_peer_pause});
  if (!is_new)
    x->second.pause = std::min(most, 2 * x->second.pause);
  x->second.until = now + x->second.pause;
}

/// Returns whether there is room for one more connection. If there are too
/// many, cuts the one that has been idle for the longest.
bool connection_table::make_room() {
  if (connections_.size() < options_.limits.peers)
    return true;
  auto oldest = connections_.end();
  for (auto x = connections_.begin(); x != connections_.end(); ++x)
    if (!is_in_use(*x->second) && !x->second->has_failed &&
        (oldest == connections_.end() ||
         x->second->last_used < oldest->second->last_used))
      oldest = x;
  if (oldest == connections_.end())
    return false;
  rests_[oldest->first] = steady::now() + rest;
  connections_.erase(oldest);
  return true;
}

}  // namespace kvc::ucx
