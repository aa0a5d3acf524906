#include "actors/peers/lender.hpp"

#include "actors/peers/loan.hpp"
#include "actors/peers/surrender.hpp"
#include "actors/pool/job_failure.hpp"
#include "messages/errors.hpp"
#include "messages/repeated_log.hpp"
#include "messages/unexpected.hpp"

#include <caf/send.hpp>

#include <algorithm>

namespace kvc {

namespace {

using self_pointer = lender_impl::stateful_pointer<lender_state>;

constexpr std::chrono::milliseconds tick_period{500};

caf::error check_owner(const worker_id& owner, const rank& here) {
  if (owner == here.id())
    return caf::none;
  return caf::make_error(errc::unknown_worker, to_string(owner));
}

caf::error check_owner(const worker_id& owner, std::uint64_t epoch,
                       const rank& here) {
  if (auto error = check_owner(owner, here))
    return error;
  if (epoch != here.epoch())
    return caf::make_error(errc::stale_epoch, to_string(owner));
  return caf::none;
}

std::size_t wanted_chunks(const lease_chunks& order) {
  return order.hashes.keys.empty() ? std::size_t{order.max_chunks}
                                   : order.hashes.keys.size();
}

std::size_t wanted_copies(const lease_chunks& order) {
  return order.where == location::disk ? wanted_chunks(order) : 0;
}

/// Those that are lent and those to come.
std::size_t copies(const lender_state& state) {
  auto result = state.book.copies();
  for (const auto& [ticket, asked] : state.pending_loans)
    result += asked.copies;
  return result;
}

caf::error check(const lease_chunks& order, const lender_state& state) {
  const auto& options = state.options;
  if (auto error = check_owner(order.owner, order.epoch, *state.here))
    return error;
  if (state.here->at(order.where) == nullptr)
    return caf::make_error(errc::unknown_location, to_string(order.where));
  const auto limit =
    order.where == location::disk ? options.max_copies : options.max_chunks;
  const auto wanted = wanted_chunks(order);
  if (wanted == 0 || wanted > limit || order.valid_for.count() <= 0)
    return caf::make_error(errc::invalid_request, "number of chunks or term");
  if (state.pending_loans.size() >= options.max_pending ||
      state.book.size() >= options.max_leases)
    return caf::make_error(errc::too_busy,
                           std::to_string(state.book.size()) + " leases");
  if (wanted_copies(order) > 0 &&
      copies(state) + wanted > options.max_copies_in_all)
    return caf::make_error(errc::too_busy,
                           std::to_string(copies(state)) + " copies");
  return caf::none;
}

void begin_ticking(self_pointer self) {
  if (std::exchange(self->state.is_ticking, true))
    return;
  self->delayed_send(self, tick_period, lease_tick{});
}

caf::result<chunk_lease> lend(self_pointer self, const lease_chunks& order) {
  auto& state = self->state;
  if (auto error = check(order, state))
    return error;
  const auto ticket = ++state.last_ticket;
  // The promise takes the sender over.
  lender_state::pending asked;
  asked.borrower = self->current_sender();
  asked.copies = wanted_copies(order);
  asked.term = std::min(order.valid_for, state.options.max_term);
  asked.answer = self->make_response_promise<chunk_lease>();
  auto answer = asked.answer;
  state.pending_loans.emplace(ticket, std::move(asked));
  const auto me = caf::actor_cast<caf::actor>(self);
  state.here->submit([&here = *state.here, order, ticket, me] {
    loan_ready done{.ticket = ticket, .made = {}, .failure = {}};
    done.failure = failure_of([&] { done.made = make_loan(here, order); });
    caf::anon_send(me, std::move(done));
  });
  return answer;
}

void enter(self_pointer self, const loan_ready& msg) {
  auto& state = self->state;
  auto node = state.pending_loans.extract(msg.ticket);
  if (node.empty())
    return;
  auto& asked = node.mapped();
  if (msg.failure) {
    asked.answer.deliver(msg.failure);
    return;
  }
  auto& answer = msg.made->answer;
  answer.valid_for = asked.term;
  if (!answer.chunks.empty()) {
    const auto borrower = caf::actor_cast<caf::actor_addr>(asked.borrower);
    if (asked.borrower && !state.book.has_borrower(borrower))
      self->monitor(asked.borrower);
    answer.lease_id = state.book.add(std::move(msg.made->chunks), borrower,
                                     self->clock().now() + asked.term);
    begin_ticking(self);
  }
  asked.answer.deliver(std::move(answer));
}

caf::result<lease_term> renew(self_pointer self, const renew_chunk_lease& msg) {
  auto& state = self->state;
  if (auto error = check_owner(msg.owner, *state.here))
    return error;
  const auto term = std::min(msg.valid_for, state.options.max_term);
  if (term.count() <= 0 ||
      !state.book.renew(msg.lease_id, self->clock().now() + term))
    return caf::make_error(errc::invalid_request, "no such lease");
  return lease_term{term};
}

/// Has the worker drop the chunks and tell the index, as a command does.
caf::result<surrender_report> surrender(self_pointer self,
                                        const surrender_chunks& msg) {
  auto& state = self->state;
  const auto& here = *state.here;
  if (auto error = check_owner(msg.owner, msg.epoch, here))
    return error;
  auto order = order_to_drop(here.id(), msg.where, msg.hashes);
  order.event_id = "surrender" + std::to_string(++state.surrenders);
  order.timeout = state.options.surrender_timeout;
  order.terms = {msg.controller_id, msg.epoch, msg.not_after};
  const auto worker = here.worker();
  if (!worker)
    return caf::make_error(errc::not_ready, to_string(here.id()));
  auto answer = self->make_response_promise<surrender_report>();
  self->request(worker, state.options.surrender_timeout * 2, order)
    .then(
      [answer](const command_result& result) mutable {
        answer.deliver(report_of(result.tally));
      },
      [answer](caf::error& why) mutable { answer.deliver(std::move(why)); });
  return answer;
}

void tick(self_pointer self) {
  auto& state = self->state;
  if (const auto ended = state.book.expire(self->clock().now()); ended > 0)
    warn_repeated("lender: leases not returned in time worker=" +
                    to_string(state.here->id()),
                  "leases=" + std::to_string(ended));
  state.is_ticking = false;
  if (state.book.size() > 0)
    begin_ticking(self);
}

}  // namespace

lender_impl::behavior_type lender(self_pointer self, const rank& here,
                                  const lender_options& options) {
  refuse_unexpected(self);
  self->state.here = &here;
  self->state.options = options;
  self->set_down_handler([self](const caf::down_msg& down) {
    self->state.book.end_all_of(down.source);
  });
  return {
    [self](const lease_chunks& msg) { return lend(self, msg); },
    [self](const renew_chunk_lease& msg) { return renew(self, msg); },
    [self](const end_chunk_lease& msg) { self->state.book.end(msg.lease_id); },
    [self](const surrender_chunks& msg) { return surrender(self, msg); },
    [self](const loan_ready& msg) { enter(self, msg); },
    [self](const lease_tick&) { tick(self); },
  };
}

}  // namespace kvc
