#include "net/link/peer_dialer.hpp"

#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "messages/registry.hpp"
#include "messages/unexpected.hpp"

#include <caf/actor_system.hpp>
#include <caf/node_id.hpp>

#include <set>
#include <string>
#include <utility>

namespace kvc {

namespace {

using self_pointer = peer_dialer_impl::stateful_pointer<peer_dialer_state>;
using dial_entry = dial_book::entry;

/// How soon to look again for a link that is being made by another socket.
constexpr std::chrono::milliseconds recheck_interval{20};

introduce_peer own_card(self_pointer self) {
  return {protocol_version, self->state.settings.own};
}

/// Removes a dial, whose promises the caller must deliver.
peer_dial take(self_pointer self, dial_entry entry) {
  auto dial = self->state.dials.take(entry);
  if (dial.door)
    self->demonitor(dial.door.address());
  return dial;
}

void answer(self_pointer self, dial_entry entry, const peer_actor& peer) {
  self->state.peers.note(entry->first, *entry->second.peer);
  auto dial = take(self, entry);
  for (auto& promise : dial.waiting)
    promise.deliver(peer);
}

void fail(self_pointer self, dial_entry entry, const caf::error& why) {
  auto dial = take(self, entry);
  if (dial.link)
    dial.link->cut();
  for (auto& promise : dial.waiting)
    promise.deliver(why);
}

void fail(self_pointer self, dial_entry entry, errc code,
          const std::string& why) {
  fail(self, entry,
       caf::make_error(code, to_string(entry->first) + ": " + why));
}

/// Has the dial looked at again soon.
void remind(self_pointer self, dial_entry entry) {
  self->delayed_send(self, recheck_interval,
                     recheck_dial{entry->first, entry->second.number});
}

/// Begins again after CAF lost the connection.
void retry(self_pointer self, dial_entry entry, const std::string& why) {
  auto& dial = entry->second;
  if (dial.retries-- == 0)
    return fail(self, entry, errc::unreachable, why);
  dial.link->cut();
  dial.link = nullptr;
  dial.door = nullptr;
  self->state.dials.renumber(entry);
  remind(self, entry);
}

/// Notes which actor serves us at `peer`, now that the link with it is up, and
/// answers the dials that wait for this.
caf::error learn(self_pointer self, const process_id& peer,
                 const introduce_peer& card) {
  auto& state = self->state;
  if (auto why = check_introduction(peer, card))
    return why;
  auto link = state.settings.links->link_of(peer);
  if (!link || !link->is_open())
    return caf::make_error(errc::unreachable, "the link is gone");
  if (!state.peers.find(peer) && state.peers.is_full())
    return caf::make_error(errc::not_ready, "too many peers");
  link->mark_introduced();
  const auto older = state.peers.add(peer, {card.actor, std::move(link)});
  if (older.actor)
    self->demonitor(older.actor.address());
  else
    spdlog::info("peers: up peer={}", to_string(card.actor.node()));
  self->monitor(card.actor);
  for (const auto entry : state.dials.select(
         [&](const peer_dial& dial) { return dial.peer == peer; }))
    answer(self, entry, card.actor);
  return caf::none;
}

/// Introduces us at the door of a new peer.
void greet(self_pointer self, dial_entry entry,
           const caf::strong_actor_ptr& door,
           const std::set<std::string>& offered) {
  auto& system = self->system();
  auto& [target, dial] = *entry;
  if (!door || process_of(door->node()) != *dial.peer ||
      !system.assignable(offered, system.message_types<peer_door_actor>()))
    return fail(self, entry, errc::version_mismatch,
                "nobody there receives peers");
  dial.door = caf::actor_cast<peer_door_actor>(door);
  self->monitor(dial.door);
  const auto timeout = self->state.settings.introduction_timeout;
  self->request(dial.door, timeout, own_card(self))
    .then(
      [self, key = target, number = dial.number](const introduce_peer& card) {
        const auto it = self->state.dials.find(key, number);
        if (!it)
          return;
        if (const auto why = learn(self, *(*it)->second.peer, card))
          fail(self, *it, why);
      },
      [self, key = target, number = dial.number](const caf::error& why) {
        if (const auto it = self->state.dials.find(key, number))
          fail(self, *it, introduction_error(why),
               "the introduction: " + describe(why));
      });
}

/// Gives the socket to CAF, which makes a link of it.
void hand_over(self_pointer self, dial_entry entry,
               const connect_result& result) {
  auto& [target, dial] = *entry;
  auto request = make_connect_request(
    self->system(), {result.socket->release(), result.peer}, target.port);
  result.place->fill(request.socket);
  dial.link = request.socket;
  const auto timeout = self->state.settings.connector->options().caf_timeout;
  self->request(basp_broker(self->system()), timeout, request.message)
    .then(
      [self, key = target, number = dial.number](
        const caf::node_id&, const caf::strong_actor_ptr& door,
        const std::set<std::string>& offered) {
        if (const auto it = self->state.dials.find(key, number))
          greet(self, *it, door, offered);
      },
      [self, key = target, number = dial.number](const caf::error& why) {
        const auto it = self->state.dials.find(key, number);
        if (!it)
          return;
        // CAF drops a connection if one of its heartbeats meets the handshake.
        const auto what = "CAF's handshake: " + describe(why);
        if (why == caf::sec::request_timeout)
          fail(self, *it, errc::timed_out, what);
        else
          retry(self, *it, what);
      });
}

void attempt(self_pointer self, dial_entry entry) {
  self->state.dials.renumber(entry);
  auto& [target, dial] = *entry;
  dial.peer.reset();
  const auto weak = caf::actor_cast<caf::actor_addr>(self);
  self->state.settings.connector->connect(
    target, [weak, key = target, number = dial.number](connect_result result) {
      // A weak handle: the connector must not keep its dialer alive.
      if (const auto dialer = caf::actor_cast<caf::actor>(weak))
        caf::anon_send(dialer, peer_connected{key, number, std::move(result)});
    });
}

caf::result<peer_actor> wait_for_peer(self_pointer self,
                                      const dial_peer& request) {
  auto& state = self->state;
  const host_and_port target{request.host, request.port};
  if (!is_target(target))
    return caf::make_error(errc::unreachable, "no host and port to dial");
  if (auto peer = state.peers.find(target))
    return peer;
  if (state.dials.is_full())
    return caf::make_error(errc::not_ready, "too many dials wait");
  auto promise = self->make_response_promise<peer_actor>();
  const auto [entry, is_new] = state.dials.add(target, promise);
  if (is_new) {
    self->delayed_send(self, state.settings.dial_timeout,
                       expire_dial{target, entry->second.id});
    attempt(self, entry);
  }
  return promise;
}

void go_on(self_pointer self, const peer_connected& outcome) {
  auto& state = self->state;
  const auto entry = state.dials.find(outcome.target, outcome.number);
  if (!entry)
    return;
  const auto& result = outcome.result;
  if (result.error)
    return fail(self, *entry, result.error);
  (*entry)->second.peer = result.peer;
  if (!result.socket)
    if (const auto peer = state.peers.find(result.peer))
      return answer(self, *entry, peer);
  if (!result.socket || !result.place->confirm())
    return remind(self, *entry);  // The link comes about by another socket.
  if (state.peers.is_full())
    return fail(self, *entry, errc::not_ready, "too many peers");
  hand_over(self, *entry, result);
}

void recheck(self_pointer self, const recheck_dial& reminder) {
  auto& state = self->state;
  const auto entry = state.dials.find(reminder.target, reminder.number);
  if (!entry)
    return;
  if (state.settings.links->is_taken(*(*entry)->second.peer))
    return remind(self, *entry);
  attempt(self, *entry);
}

void expire(self_pointer self, const expire_dial& reminder) {
  const auto& [target, id] = reminder;
  if (const auto entry = self->state.dials.find_begun(target, id))
    fail(self, *entry, errc::timed_out, "no link in time");
}

/// A peer that has dialled us introduces itself.
caf::result<introduce_peer> meet(self_pointer self,
                                 const introduce_peer& guest) {
  const auto& sender = self->current_sender();
  if (!sender)
    return caf::make_error(errc::invalid_request, "nobody to be introduced");
  if (auto why = learn(self, process_of(sender->node()), guest))
    return why;
  return own_card(self);
}

void forget(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  for (const auto entry : state.dials.select([&](const peer_dial& dial) {
         return is_same(dial.door, down.source);
       }))
    retry(self, entry, "lost in the introduction: " + describe(down.reason));
  const auto lost = state.peers.remove(down.source);
  if (!lost)
    return;
  spdlog::info("peers: down peer={} reason={}", to_string(down.source.node()),
               describe(down.reason));
  lost->link->cut();  // The link is useless, should it still be there.
}

void end(self_pointer self, const caf::error& reason) {
  auto& state = self->state;
  for (const auto entry :
       state.dials.select([](const peer_dial&) { return true; }))
    fail(self, entry, errc::unreachable, "the peer links have stopped");
  state.settings.links->cut_all();
  self->quit(reason);
}

}  // namespace

peer_dialer_impl::behavior_type peer_dialer(
  self_pointer self, const peer_dialer_settings& settings) {
  refuse_unexpected(self);
  self->state.settings = settings;
  self->state.peers =
    peer_book{settings.links->self(), settings.own, settings.max_peers};
  self->set_down_handler(
    [self](const caf::down_msg& down) { forget(self, down); });
  self->set_exit_handler(
    [self](const caf::exit_msg& order) { end(self, order.reason); });
  return {
    [self](const dial_peer& request) { return wait_for_peer(self, request); },
    [self](const introduce_peer& guest) { return meet(self, guest); },
    [self](const peer_connected& outcome) { go_on(self, outcome); },
    [self](const recheck_dial& reminder) { recheck(self, reminder); },
    [self](const expire_dial& reminder) { expire(self, reminder); },
  };
}

}  // namespace kvc
