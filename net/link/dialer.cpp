#include "net/link/dialer.hpp"

#include "messages/errors.hpp"
#include "messages/log.hpp"
#include "net/link/basp.hpp"

#include <caf/actor_system.hpp>
#include <caf/node_id.hpp>

#include <set>
#include <string>
#include <utility>

namespace kvc {

namespace {

using self_pointer = dialer_impl::stateful_pointer<dialer_state>;

/// How many dials may wait for one attempt.
constexpr std::size_t max_waiting = 4096;

void attempt(self_pointer self) {
  self->state.connector->connect(
    [weak = caf::actor_cast<caf::actor_addr>(self)](connect_result result) {
      // A weak handle: the connector must not keep its dialer alive.
      const auto dialer = caf::actor_cast<caf::actor>(weak);
      if (dialer)
        caf::anon_send(dialer, std::move(result));
    });
}

void answer(self_pointer self, const caf::error& why) {
  for (auto& promise : std::exchange(self->state.waiting, {}))
    promise.deliver(why);
}

void answer(self_pointer self) {
  for (auto& promise : std::exchange(self->state.waiting, {}))
    promise.deliver(self->state.registrar, self->state.own_address.text());
}

void link_up(self_pointer self, const caf::strong_actor_ptr& peer,
             const std::set<std::string>& offered) {
  auto& system = self->system();
  if (!peer ||
      !system.assignable(offered, system.message_types<registrar_actor>()))
    return answer(self, caf::make_error(errc::version_mismatch,
                                        "the peer offers no registrar"));
  self->state.registrar = caf::actor_cast<registrar_actor>(peer);
  self->monitor(self->state.registrar);
  spdlog::info("link: up peer={} own_address={}", to_string(peer->node()),
               self->state.own_address.text());
  answer(self);
}

/// Gives the socket to CAF, which makes a link of it.
void hand_over(self_pointer self, const connect_result& result) {
  const auto& options = self->state.connector->options();
  auto& system = self->system();
  auto link = make_connect_request(
    system, {result.socket->release(), result.peer}, options.port);
  self->request(basp_broker(system), options.caf_timeout, link.message)
    .then(
      [self](const caf::node_id&, const caf::strong_actor_ptr& peer,
             const std::set<std::string>& offered) {
        link_up(self, peer, offered);
      },
      [self, lost = link.socket](const caf::error& why) {
        lost->cut();
        // CAF drops a connection if one of its heartbeats meets the handshake.
        const auto is_late = why == caf::sec::request_timeout;
        if (!is_late && self->state.retries-- > 0)
          return attempt(self);
        answer(self,
               caf::make_error(is_late ? errc::timed_out : errc::unreachable,
                               "CAF's handshake: " + describe(why)));
      });
}

caf::result<registrar_actor, std::string> wait_for_link(self_pointer self) {
  auto& state = self->state;
  if (state.registrar)
    return {state.registrar, state.own_address.text()};
  if (state.waiting.size() >= max_waiting)
    return caf::make_error(errc::not_ready, "too many dials wait");
  auto promise = self->make_response_promise<registrar_actor, std::string>();
  state.waiting.push_back(promise);
  if (state.waiting.size() == 1) {
    state.retries = 1;
    attempt(self);
  }
  return promise;
}

}  // namespace

dialer_impl::behavior_type dialer(self_pointer self,
                                  std::shared_ptr<link_connector> connector) {
  self->state.connector = std::move(connector);
  self->set_down_handler([self](const caf::down_msg& down) {
    if (self->state.registrar && self->state.registrar == down.source) {
      spdlog::info("link: down reason={}", describe(down.reason));
      self->state.registrar = nullptr;
    }
  });
  return {
    [self](const dial&) { return wait_for_link(self); },
    [self](const connect_result& result) {
      if (result.socket) {
        self->state.own_address = result.own_address;
        return hand_over(self, result);
      }
      answer(self, result.error);
    },
  };
}

}  // namespace kvc
