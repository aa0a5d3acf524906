#include "actors/peers/transfer.hpp"

#include "actors/peers/time_left.hpp"
#include "actors/pool/job_failure.hpp"
#include "messages/errors.hpp"
#include "messages/unexpected.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace kvc {

namespace {

using self_pointer = transfer_impl::stateful_pointer<transfer_state>;

constexpr std::chrono::milliseconds wanted_term{10'000};

/// A lender looks for leases that have ended no more often.
constexpr std::chrono::milliseconds shortest_term{500};

constexpr std::chrono::milliseconds hard_timeout{10'000};
constexpr std::uint32_t max_attempts = 2;

std::chrono::milliseconds time_left(self_pointer self) {
  return kvc::time_left(self->state.deadline, self->clock().now());
}

void fail(self_pointer self, caf::error why) {
  self->state.answer.deliver(std::move(why));
  self->quit();
}

void end_lease(self_pointer self) {
  const auto& state = self->state;
  if (state.peer && state.lease.lease_id != 0)
    self->send(state.peer,
               end_chunk_lease{state.order.source.id, state.lease.lease_id});
}

void report(self_pointer self) {
  auto& state = self->state;
  end_lease(self);
  fetch_report result;
  result.next_cursor = state.lease.next_cursor;
  result.total_chunks = state.lease.total_chunks;
  result.is_peer_failing = !state.trouble.empty();
  result.is_own_failure = static_cast<bool>(state.own_failure);
  result.trouble = result.is_own_failure ? describe(state.own_failure)
                                         : std::move(state.trouble);
  if (state.batch) {
    if (result.trouble.empty())
      result.trouble = state.batch->trouble();
    result.chunks = state.batch->chunks();
    result.copied_bytes = state.batch->copied_bytes();
    result.holds = state.batch->holds();
  }
  state.answer.deliver(std::move(result));
  self->quit();
}

/// Runs `step` on one of the pool's threads, then tells the actor how it ended.
template <class Message, class Step>
void run(self_pointer self, Step step) {
  const auto me = caf::actor_cast<caf::actor>(self);
  self->state.here->submit(
    [=] { caf::anon_send(me, Message{failure_of(step)}); });
}

void settle(self_pointer self) {
  run<transfer_settled>(self, [batch = self->state.batch] { batch->commit(); });
}

void read(self_pointer self) {
  auto& state = self->state;
  read_request request;
  request.spans = state.batch->spans();
  if (request.spans.empty() || state.is_ending)
    return settle(self);
  ++state.attempts;
  request.peer =
    std::make_shared<const std::string>(state.order.source.transfer_address);
  request.soft_timeout = time_left(self);
  request.hard_timeout = std::max(hard_timeout, request.soft_timeout);
  const auto me = caf::actor_cast<caf::actor>(self);
  request.on_done = [me](read_result result) {
    caf::anon_send(me, transfer_read{std::move(result)});
  };
  // Until then the batch, and so the room, stays.
  request.on_drained = [batch = state.batch] {};
  state.is_reading = true;
  state.read = state.here->transport->read(std::move(request));
}

bool is_damaged(const read_result& result) {
  return std::find(result.spans.begin(), result.spans.end(),
                   span_outcome::corrupt) != result.spans.end();
}

/// Not after a read that may write to the same room still.
bool may_retry(const read_result& result) {
  return result.status == read_status::too_busy ||
         (result.status == read_status::done && is_damaged(result));
}

void take_result(self_pointer self, const read_result& result) {
  auto& state = self->state;
  state.is_reading = false;
  state.batch->note(result.spans);
  if (result.status == read_status::done)
    state.trouble = is_damaged(result) ? "damaged on the way" : "";
  else if (!state.is_ending)  // Else it is known why.
    state.trouble = to_string(result.status);
  if (may_retry(result) && !state.is_ending && state.attempts < max_attempts)
    return read(self);
  settle(self);
}

/// Ends as soon as what runs allows.
void end_early(self_pointer self, errc reason, const std::string& why) {
  auto& state = self->state;
  if (std::exchange(state.is_ending, true))
    return;
  if (!state.batch)  // There is not even a lease.
    return fail(self, caf::make_error(reason, why));
  state.trouble = why;
  if (state.is_reading)
    state.here->transport->cancel(state.read);
}

void take_place(self_pointer self, const caf::error& failure) {
  if (!failure)
    return read(self);
  end_lease(self);
  fail(self, failure);
}

/// What was not admitted has failed.
void take_settled(self_pointer self, const caf::error& failure) {
  self->state.own_failure = failure;
  report(self);
}

/// Nobody waits for the answer any more.
void abandon(self_pointer self) {
  if (self->state.is_reading)
    self->state.here->transport->cancel(self->state.read);
  end_lease(self);
  self->quit();
}

/// Clamps the term that a peer grants: we renew neither in a tight loop nor
/// never.
std::chrono::milliseconds sane(std::chrono::milliseconds term) {
  return std::clamp(term, shortest_term, wanted_term);
}

void renew_later(self_pointer self, std::chrono::milliseconds term) {
  self->delayed_send(self, sane(term) / 3, transfer_renewal{});
}

std::size_t wanted_chunks(const fetch_chunks& order) {
  return order.hashes.empty() ? order.max_chunks : order.hashes.size();
}

void take_lease(self_pointer self, chunk_lease lease) {
  auto& state = self->state;
  state.lease = std::move(lease);
  if (state.lease.chunks.size() + state.lease.withheld.keys.size() >
      wanted_chunks(state.order)) {
    end_lease(self);
    return fail(self, caf::make_error(errc::invalid_request,
                                      "more chunks leased than asked for"));
  }
  const auto& here = *state.here;
  state.batch = std::make_shared<transfer_batch>(
    *here.cpu, here.bytes_per_token,
    state.order.to == location::disk ? here.disk : nullptr);
  if (state.lease.lease_id != 0)
    renew_later(self, state.lease.valid_for);
  run<transfer_placed>(
    self, [batch = state.batch, lease = state.lease,
           hashes = state.order.hashes] { batch->place(lease, hashes); });
}

void lease(self_pointer self) {
  auto& state = self->state;
  lease_chunks order;
  order.owner = state.order.source.id;
  order.epoch = state.order.source.epoch;
  order.hashes.keys = state.order.hashes;
  order.cursor = state.order.cursor;
  order.max_chunks = state.order.max_chunks;
  order.valid_for = wanted_term;
  order.where = state.order.from;
  self->request(state.peer, time_left(self), order)
    .then([=](chunk_lease& answer) { take_lease(self, std::move(answer)); },
          [self](caf::error& why) {
            fail(self, why == caf::sec::request_timeout
                         ? caf::make_error(errc::timed_out, "the lease")
                         : std::move(why));
          });
}

void renew(self_pointer self) {
  auto& state = self->state;
  const auto term = sane(state.lease.valid_for);
  self
    ->request(
      state.peer, term,
      renew_chunk_lease{state.order.source.id, state.lease.lease_id, term})
    .then(
      [self](const lease_term& granted) {
        renew_later(self, granted.valid_for);
      },
      // The checksums tell whether the bytes stayed.
      [](const caf::error&) {});
}

caf::result<fetch_report> begin(self_pointer self, const fetch_chunks& order) {
  if (self->state.here->at(order.to) == nullptr) {
    self->quit();
    return caf::make_error(errc::unknown_location, to_string(order.to));
  }
  auto& state = self->state;
  state.order = order;
  state.answer = self->make_response_promise<fetch_report>();
  state.deadline = self->clock().now() + order.patience;
  self->delayed_send(self, order.patience, transfer_late{});
  if (order.owner)
    self->monitor(order.owner);
  auto answer = state.answer;
  self
    ->request(state.here->dialer(), order.patience,
              dial_peer{order.source.host, order.source.port})
    .then(
      [=](const peer_actor& peer) {
        self->state.peer = peer;
        self->monitor(peer);
        lease(self);
      },
      [self](caf::error& why) { fail(self, std::move(why)); });
  return answer;
}

}  // namespace

transfer_impl::behavior_type transfer(self_pointer self, const rank& here) {
  refuse_unexpected(self);
  self->state.here = &here;
  self->set_down_handler([self](const caf::down_msg& down) {
    if (self->state.order.owner &&
        down.source == self->state.order.owner->address())
      abandon(self);
    else
      end_early(self, errc::connection_lost, "the peer is gone");
  });
  return {
    [self](const fetch_chunks& order) { return begin(self, order); },
    [self](const cancel_fetch&) {
      end_early(self, errc::connection_lost, "cancelled");
    },
    [self](const transfer_placed& msg) { take_place(self, msg.failure); },
    [self](const transfer_read& msg) { take_result(self, msg.result); },
    [self](const transfer_settled& msg) { take_settled(self, msg.failure); },
    [self](const transfer_late&) {
      end_early(self, errc::timed_out, "no answer in time");
    },
    [self](const transfer_renewal&) {
      if (!self->state.is_ending)
        renew(self);
    },
  };
}

}  // namespace kvc
