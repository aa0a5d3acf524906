#include "net/link/peer_dialer.hpp"

#include "messages/errors.hpp"
#include "messages/registry.hpp"

#include <spdlog/spdlog.h>
#include <caf/actor_system.hpp>
#include <caf/node_id.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace kvc {

namespace {

using self_pointer = peer_dialer_impl::stateful_pointer<peer_dialer_state>;
using settings_pointer = std::shared_ptr<const peer_dialer_settings>;

constexpr std::size_t max_waiting = 4096;
constexpr std::size_t max_targets = 4096;
constexpr std::size_t max_host_bytes = 255;
constexpr int max_retries = 3;

/// How soon to look again for a link that somebody else is making.
constexpr std::chrono::milliseconds recheck_interval{20};

/// Whether `source` is this very proxy: one of an earlier link is equal.
template <class Handle>
bool is_same(const Handle& actor, const caf::actor_addr& source) {
  return actor && caf::actor_cast<caf::actor_control_block*>(actor) ==
                    caf::actor_cast<caf::actor_control_block*>(source);
}

/// What the dialer does, with all that it needs.
class dialing {
 public:
  dialing(self_pointer self, settings_pointer settings)
      : self_(self), settings_(std::move(settings)) {}

  caf::result<peer_actor> dial(const dial_peer& request) const;
  caf::result<introduce_peer> meet(const introduce_peer& guest) const;
  void go_on(const peer_connected& outcome) const;
  void recheck(const recheck_dial& reminder) const;
  void expire(const expire_dial& reminder) const;
  void forget(const caf::down_msg& down) const;
  void end(const caf::error& reason) const;

 private:
  using dial_entry = std::map<link_target, peer_dial>::iterator;

  peer_dialer_state& state() const { return self_->state; }
  introduce_peer own_card() const { return {protocol_version, settings_->own}; }

  peer_actor known(const link_target& target) const;
  dial_entry find(const link_target& target, std::uint64_t number) const;
  void attempt(dial_entry entry) const;
  void hand_over(dial_entry entry, const connect_result& result) const;
  void greet(dial_entry entry, const caf::strong_actor_ptr& door,
             const std::set<std::string>& offered) const;
  void retry(dial_entry entry, const std::string& why) const;
  void remind(dial_entry entry) const;
  caf::error learn(const process_id& peer, const introduce_peer& card) const;
  void answer(dial_entry entry, const peer_actor& peer) const;
  void fail(dial_entry entry, const caf::error& why) const;
  void fail(dial_entry entry, errc code, const std::string& why) const;

  self_pointer self_;
  settings_pointer settings_;
};

caf::result<peer_actor> dialing::dial(const dial_peer& request) const {
  if (request.host.empty() || request.host.size() > max_host_bytes ||
      request.port == 0)
    return caf::make_error(errc::unreachable, "no host and port to dial");
  const link_target target{request.host, request.port};
  if (auto peer = known(target))
    return peer;
  if (state().waiting >= max_waiting)
    return caf::make_error(errc::not_ready, "too many dials wait");
  auto promise = self_->make_response_promise<peer_actor>();
  ++state().waiting;
  const auto [entry, is_new] = state().dials.try_emplace(target);
  entry->second.waiting.push_back(promise);
  if (is_new) {
    entry->second.id = ++state().last_number;
    entry->second.retries = max_retries;
    self_->delayed_send(self_, settings_->dial_timeout,
                        expire_dial{target, entry->second.id});
    attempt(entry);
  }
  return promise;
}

peer_actor dialing::known(const link_target& target) const {
  const auto found = state().targets.find(target);
  if (found == state().targets.end())
    return {};
  if (found->second == settings_->links->self())
    return settings_->own;
  const auto peer = state().peers.find(found->second);
  return peer == state().peers.end() ? peer_actor{} : peer->second.actor;
}

/// Returns the dial that waits for the attempt `number`, or the end.
dialing::dial_entry dialing::find(const link_target& target,
                                  std::uint64_t number) const {
  const auto entry = state().dials.find(target);
  return entry != state().dials.end() && entry->second.number == number
           ? entry
           : state().dials.end();
}

void dialing::attempt(dial_entry entry) const {
  auto& [target, dial] = *entry;
  dial.number = ++state().last_number;
  dial.peer.reset();
  settings_->connector->connect(target, [weak =
                                           caf::actor_cast<caf::actor_addr>(
                                             self_),
                                         target = target, number = dial.number](
                                          connect_result result) {
    // A weak handle: the connector must not keep its dialer alive.
    const auto dialer = caf::actor_cast<caf::actor>(weak);
    if (dialer)
      caf::anon_send(dialer, peer_connected{target, number, std::move(result)});
  });
}

void dialing::go_on(const peer_connected& outcome) const {
  const auto entry = find(outcome.target, outcome.number);
  if (entry == state().dials.end())
    return;
  const auto& result = outcome.result;
  if (result.error)
    return fail(entry, result.error);
  entry->second.peer = result.peer;
  if (result.peer == settings_->links->self())
    return answer(entry, settings_->own);
  const auto peer = state().peers.find(result.peer);
  if (peer != state().peers.end() && !result.socket)
    return answer(entry, peer->second.actor);
  if (!result.socket || !result.place->confirm())
    return remind(entry);  // The link comes about by another socket.
  if (state().peers.size() >= settings_->max_peers)
    return fail(entry, errc::not_ready, "too many peers");
  hand_over(entry, result);
}

void dialing::hand_over(dial_entry entry, const connect_result& result) const {
  auto& [target, dial] = *entry;
  auto request = make_connect_request(self_->system(), result.socket->release(),
                                      target.port);
  result.place->fill(request.socket);
  dial.link = request.socket;
  const auto copy = *this;
  self_
    ->request(basp_broker(self_->system()),
              settings_->connector->options().caf_timeout, request.message)
    .then(
      [copy, key = target, number = dial.number](
        const caf::node_id&, const caf::strong_actor_ptr& door,
        const std::set<std::string>& offered) {
        const auto it = copy.find(key, number);
        if (it != copy.state().dials.end())
          copy.greet(it, door, offered);
      },
      [copy, key = target, number = dial.number](const caf::error& why) {
        const auto it = copy.find(key, number);
        if (it == copy.state().dials.end())
          return;
        // CAF drops a connection if one of its heartbeats meets the handshake.
        const auto what = "CAF's handshake: " + describe(why);
        if (why == caf::sec::request_timeout)
          copy.fail(it, errc::timed_out, what);
        else
          copy.retry(it, what);
      });
}

void dialing::greet(dial_entry entry, const caf::strong_actor_ptr& door,
                    const std::set<std::string>& offered) const {
  auto& system = self_->system();
  auto& [target, dial] = *entry;
  if (!door || process_of(door->node()) != *dial.peer ||
      !system.assignable(offered, system.message_types<peer_door_actor>()))
    return fail(entry, errc::version_mismatch, "nobody there receives peers");
  dial.door = caf::actor_cast<peer_door_actor>(door);
  self_->monitor(dial.door);
  const auto copy = *this;
  const auto key = target;
  const auto number = dial.number;
  self_->request(dial.door, settings_->introduction_timeout, own_card())
    .then(
      [copy, key, number](const introduce_peer& card) {
        const auto it = copy.find(key, number);
        if (it == copy.state().dials.end())
          return;
        if (const auto why = copy.learn(*it->second.peer, card))
          copy.fail(it, why);
      },
      [copy, key, number](const caf::error& why) {
        const auto it = copy.find(key, number);
        if (it == copy.state().dials.end())
          return;
        const auto what = "the introduction: " + describe(why);
        if (why == caf::sec::request_timeout)
          copy.fail(it, errc::timed_out, what);
        else if (why == errc::version_mismatch)
          copy.fail(it, errc::version_mismatch, what);
        else
          copy.fail(it, errc::unreachable, what);
      });
}

caf::result<introduce_peer> dialing::meet(const introduce_peer& guest) const {
  const auto& sender = self_->current_sender();
  if (!sender)
    return caf::make_error(errc::invalid_request, "nobody to be introduced");
  if (auto why = learn(process_of(sender->node()), guest))
    return why;
  return own_card();
}

/// Notes who serves us at `peer`, on the link with it, and tells those who wait
/// for that.
caf::error dialing::learn(const process_id& peer,
                          const introduce_peer& card) const {
  if (card.version != protocol_version)
    return caf::make_error(errc::version_mismatch,
                           "a peer of version " + std::to_string(card.version) +
                             ", ours is " + std::to_string(protocol_version));
  if (!card.actor || process_of(card.actor.node()) != peer)
    return caf::make_error(errc::unreachable, "the peer shows another's actor");
  auto link = settings_->links->link_of(peer);
  if (!link || !link->is_open())
    return caf::make_error(errc::unreachable, "the link is gone");
  auto& peers = state().peers;
  const auto older = peers.find(peer);
  if (older != peers.end())
    self_->demonitor(older->second.actor.address());
  else if (peers.size() >= settings_->max_peers)
    return caf::make_error(errc::not_ready, "too many peers");
  else
    spdlog::info("peers: up peer={}", to_string(card.actor.node()));
  link->mark_introduced();
  peers.insert_or_assign(peer, known_peer{card.actor, std::move(link)});
  self_->monitor(card.actor);
  auto& dials = state().dials;
  for (auto entry = dials.begin(); entry != dials.end();) {
    const auto current = entry++;
    if (current->second.peer == peer)
      answer(current, card.actor);
  }
  return caf::none;
}

/// Looks again soon.
void dialing::remind(dial_entry entry) const {
  const auto& [target, dial] = *entry;
  self_->delayed_send(self_, recheck_interval,
                      recheck_dial{target, dial.number});
}

void dialing::recheck(const recheck_dial& reminder) const {
  const auto entry = find(reminder.target, reminder.number);
  if (entry == state().dials.end())
    return;
  if (settings_->links->is_taken(*entry->second.peer))
    return remind(entry);
  attempt(entry);
}

/// Begins anew after CAF lost the connection.
void dialing::retry(dial_entry entry, const std::string& why) const {
  auto& dial = entry->second;
  if (dial.retries-- == 0)
    return fail(entry, errc::unreachable, why);
  dial.link->cut();
  dial.link = nullptr;
  dial.door = nullptr;
  dial.number = ++state().last_number;  // Answers that are late do not count.
  remind(entry);
}

void dialing::expire(const expire_dial& reminder) const {
  const auto entry = state().dials.find(reminder.target);
  if (entry != state().dials.end() && entry->second.id == reminder.dial_id)
    fail(entry, errc::timed_out, "no link in time");
}

void dialing::answer(dial_entry entry, const peer_actor& peer) const {
  auto node = state().dials.extract(entry);
  auto& dial = node.mapped();
  if (dial.door)
    self_->demonitor(dial.door.address());
  if (state().targets.size() < max_targets)
    state().targets.insert_or_assign(node.key(), *dial.peer);
  state().waiting -= dial.waiting.size();
  for (auto& promise : dial.waiting)
    promise.deliver(peer);
}

void dialing::fail(dial_entry entry, errc code, const std::string& why) const {
  fail(entry, caf::make_error(code, to_string(entry->first) + ": " + why));
}

void dialing::fail(dial_entry entry, const caf::error& why) const {
  auto node = state().dials.extract(entry);
  auto& dial = node.mapped();
  if (dial.door)
    self_->demonitor(dial.door.address());
  if (dial.link)
    dial.link->cut();
  state().waiting -= dial.waiting.size();
  for (auto& promise : dial.waiting)
    promise.deliver(why);
}

void dialing::forget(const caf::down_msg& down) const {
  auto& dials = state().dials;
  for (auto entry = dials.begin(); entry != dials.end();) {
    const auto current = entry++;
    if (is_same(current->second.door, down.source))
      retry(current, "lost in the introduction: " + describe(down.reason));
  }
  auto& peers = state().peers;
  const auto lost = std::find_if(peers.begin(), peers.end(), [&](auto& item) {
    return is_same(item.second.actor, down.source);
  });
  if (lost == peers.end())
    return;
  spdlog::info("peers: down peer={} reason={}", to_string(down.source.node()),
               describe(down.reason));
  lost->second.link->cut();  // Useless, should it still be there.
  std::erase_if(state().targets,
                [&](const auto& item) { return item.second == lost->first; });
  peers.erase(lost);
}

void dialing::end(const caf::error& reason) const {
  while (!state().dials.empty())
    fail(state().dials.begin(), errc::unreachable,
         "the peer links have stopped");
  settings_->links->cut_all();
  self_->quit(reason);
}

}  // namespace

peer_dialer_impl::behavior_type peer_dialer(
  self_pointer self, const peer_dialer_settings& settings) {
  const dialing role{self,
                     std::make_shared<const peer_dialer_settings>(settings)};
  self->set_down_handler(
    [role](const caf::down_msg& down) { role.forget(down); });
  self->set_exit_handler(
    [role](const caf::exit_msg& order) { role.end(order.reason); });
  return {
    [role](const dial_peer& request) { return role.dial(request); },
    [role](const introduce_peer& guest) { return role.meet(guest); },
    [role](const peer_connected& outcome) { role.go_on(outcome); },
    [role](const recheck_dial& reminder) { role.recheck(reminder); },
    [role](const expire_dial& reminder) { role.expire(reminder); },
  };
}

}  // namespace kvc
