#include "net/link/peer_dialer.hpp"

#include "messages/errors.hpp"
#include "messages/registry.hpp"

#include <spdlog/spdlog.h>
#include <caf/actor_system.hpp>
#include <caf/node_id.hpp>

#include <set>
#include <string>
#include <utility>

namespace kvc {

namespace {

using self_pointer = peer_dialer_impl::stateful_pointer<peer_dialer_state>;
using settings_pointer = std::shared_ptr<const peer_dialer_settings>;

/// How soon to look again for a link that somebody else is making.
constexpr std::chrono::milliseconds recheck_interval{20};

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
  using dial_entry = dial_book::entry;

  peer_dialer_state& state() const { return self_->state; }
  introduce_peer own_card() const { return {protocol_version, settings_->own}; }

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
  if (!is_target(request))
    return caf::make_error(errc::unreachable, "no host and port to dial");
  const link_target target{request.host, request.port};
  if (auto peer = state().peers.find(target))
    return peer;
  if (state().dials.is_full())
    return caf::make_error(errc::not_ready, "too many dials wait");
  auto promise = self_->make_response_promise<peer_actor>();
  const auto [entry, is_new] = state().dials.add(target, promise);
  if (is_new) {
    self_->delayed_send(self_, settings_->dial_timeout,
                        expire_dial{target, entry->second.id});
    attempt(entry);
  }
  return promise;
}

void dialing::attempt(dial_entry entry) const {
  state().dials.renumber(entry);
  auto& [target, dial] = *entry;
  dial.peer.reset();
  const auto weak = caf::actor_cast<caf::actor_addr>(self_);
  settings_->connector->connect(
    target, [weak, key = target, number = dial.number](connect_result result) {
      // A weak handle: the connector must not keep its dialer alive.
      if (const auto dialer = caf::actor_cast<caf::actor>(weak))
        caf::anon_send(dialer, peer_connected{key, number, std::move(result)});
    });
}

void dialing::go_on(const peer_connected& outcome) const {
  const auto entry = state().dials.find(outcome.target, outcome.number);
  if (!entry)
    return;
  const auto& result = outcome.result;
  if (result.error)
    return fail(*entry, result.error);
  (*entry)->second.peer = result.peer;
  if (!result.socket)
    if (const auto peer = state().peers.find(result.peer))
      return answer(*entry, peer);
  if (!result.socket || !result.place->confirm())
    return remind(*entry);  // The link comes about by another socket.
  if (state().peers.is_full())
    return fail(*entry, errc::not_ready, "too many peers");
  hand_over(*entry, result);
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
        if (const auto it = copy.state().dials.find(key, number))
          copy.greet(*it, door, offered);
      },
      [copy, key = target, number = dial.number](const caf::error& why) {
        const auto it = copy.state().dials.find(key, number);
        if (!it)
          return;
        // CAF drops a connection if one of its heartbeats meets the handshake.
        const auto what = "CAF's handshake: " + describe(why);
        if (why == caf::sec::request_timeout)
          copy.fail(*it, errc::timed_out, what);
        else
          copy.retry(*it, what);
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
  self_->request(dial.door, settings_->introduction_timeout, own_card())
    .then(
      [copy, key = target, number = dial.number](const introduce_peer& card) {
        const auto it = copy.state().dials.find(key, number);
        if (!it)
          return;
        if (const auto why = copy.learn(*(*it)->second.peer, card))
          copy.fail(*it, why);
      },
      [copy, key = target, number = dial.number](const caf::error& why) {
        const auto it = copy.state().dials.find(key, number);
        if (!it)
          return;
        copy.fail(*it, introduction_error(why),
                  "the introduction: " + describe(why));
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
  if (auto why = check_introduction(peer, card))
    return why;
  auto link = settings_->links->link_of(peer);
  if (!link || !link->is_open())
    return caf::make_error(errc::unreachable, "the link is gone");
  auto& peers = state().peers;
  if (!peers.find(peer) && peers.is_full())
    return caf::make_error(errc::not_ready, "too many peers");
  link->mark_introduced();
  const auto older = peers.add(peer, {card.actor, std::move(link)});
  if (older.actor)
    self_->demonitor(older.actor.address());
  else
    spdlog::info("peers: up peer={}", to_string(card.actor.node()));
  self_->monitor(card.actor);
  for (const auto entry : state().dials.select(
         [&](const peer_dial& dial) { return dial.peer == peer; }))
    answer(entry, card.actor);
  return caf::none;
}

/// Looks again soon.
void dialing::remind(dial_entry entry) const {
  self_->delayed_send(self_, recheck_interval,
                      recheck_dial{entry->first, entry->second.number});
}

void dialing::recheck(const recheck_dial& reminder) const {
  const auto entry = state().dials.find(reminder.target, reminder.number);
  if (!entry)
    return;
  if (settings_->links->is_taken(*(*entry)->second.peer))
    return remind(*entry);
  attempt(*entry);
}

/// Begins anew after CAF lost the connection.
void dialing::retry(dial_entry entry, const std::string& why) const {
  auto& dial = entry->second;
  if (dial.retries-- == 0)
    return fail(entry, errc::unreachable, why);
  dial.link->cut();
  dial.link = nullptr;
  dial.door = nullptr;
  state().dials.renumber(entry);
  remind(entry);
}

void dialing::expire(const expire_dial& reminder) const {
  const auto& [target, id] = reminder;
  if (const auto entry = state().dials.find_begun(target, id))
    fail(*entry, errc::timed_out, "no link in time");
}

void dialing::answer(dial_entry entry, const peer_actor& peer) const {
  state().peers.note(entry->first, *entry->second.peer);
  auto dial = state().dials.take(entry);
  if (dial.door)
    self_->demonitor(dial.door.address());
  for (auto& promise : dial.waiting)
    promise.deliver(peer);
}

void dialing::fail(dial_entry entry, errc code, const std::string& why) const {
  fail(entry, caf::make_error(code, to_string(entry->first) + ": " + why));
}

void dialing::fail(dial_entry entry, const caf::error& why) const {
  auto dial = state().dials.take(entry);
  if (dial.door)
    self_->demonitor(dial.door.address());
  if (dial.link)
    dial.link->cut();
  for (auto& promise : dial.waiting)
    promise.deliver(why);
}

void dialing::forget(const caf::down_msg& down) const {
  for (const auto entry : state().dials.select([&](const peer_dial& dial) {
         return is_same(dial.door, down.source);
       }))
    retry(entry, "lost in the introduction: " + describe(down.reason));
  const auto lost = state().peers.remove(down.source);
  if (!lost)
    return;
  spdlog::info("peers: down peer={} reason={}", to_string(down.source.node()),
               describe(down.reason));
  lost->link->cut();  // Useless, should it still be there.
}

void dialing::end(const caf::error& reason) const {
  for (const auto entry :
       state().dials.select([](const peer_dial&) { return true; }))
    fail(entry, errc::unreachable, "the peer links have stopped");
  settings_->links->cut_all();
  self_->quit(reason);
}

}  // namespace

peer_dialer_impl::behavior_type peer_dialer(
  self_pointer self, const peer_dialer_settings& settings) {
  const dialing role{self,
                     std::make_shared<const peer_dialer_settings>(settings)};
  self->state.peers =
    peer_book{settings.links->self(), settings.own, settings.max_peers};
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
