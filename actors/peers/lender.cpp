#include "actors/peers/lender.hpp"

#include "actors/peers/loan.hpp"
#include "actors/pool/job_failure.hpp"
#include "messages/errors.hpp"

#include <spdlog/spdlog.h>
#include <caf/send.hpp>

#include <algorithm>

namespace kvc {

namespace {

using self_pointer = lender_actor::stateful_pointer<lender_state>;

constexpr std::chrono::milliseconds tick_period{500};

caf::error check_owner(const worker_id& owner,
                       const lender_services& services) {
  if (owner == services.id)
    return caf::none;
  return caf::make_error(errc::unknown_worker, to_string(owner));
}

caf::error check_owner(const worker_id& owner, std::uint64_t epoch,
                       const lender_services& services) {
  if (auto error = check_owner(owner, services))
    return error;
  if (epoch != services.epoch())
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

caf::error check(const lease_chunks& order, const lender_state& state,
                 const lender_services& services,
                 const lender_options& options) {
  if (auto error = check_owner(order.owner, order.epoch, services))
    return error;
  if (lent_store(services, order.where) == nullptr)
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

caf::result<chunk_lease> lend(self_pointer self,
                              const lender_services& services,
                              const lender_options& options,
                              const lease_chunks& order) {
  auto& state = self->state;
  if (auto error = check(order, state, services, options))
    return error;
  const auto ticket = ++state.last_ticket;
  // The promise takes the sender over.
  lender_state::pending asked;
  asked.reader = self->current_sender();
  asked.copies = wanted_copies(order);
  asked.term = std::min(order.valid_for, options.max_term);
  asked.answer = self->make_response_promise<chunk_lease>();
  auto answer = asked.answer;
  state.pending_loans.emplace(ticket, std::move(asked));
  const auto me = caf::actor_cast<caf::actor>(self);
  services.submit([services, order, ticket, me] {
    loan_ready done{.ticket = ticket, .made = {}, .failure = {}};
    done.failure = failure_of([&] { done.made = make_loan(services, order); });
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
    const auto reader = caf::actor_cast<caf::actor_addr>(asked.reader);
    if (asked.reader && !state.book.has_reader(reader))
      self->monitor(asked.reader);
    answer.lease_id = state.book.add(std::move(msg.made->chunks), reader,
                                     self->clock().now() + asked.term);
    begin_ticking(self);
  }
  asked.answer.deliver(std::move(answer));
}

caf::result<lease_term> renew(self_pointer self,
                              const lender_services& services,
                              const lender_options& options,
                              const renew_chunk_lease& msg) {
  if (auto error = check_owner(msg.owner, services))
    return error;
  const auto term = std::min(msg.valid_for, options.max_term);
  if (term.count() <= 0 ||
      !self->state.book.renew(msg.lease_id, self->clock().now() + term))
    return caf::make_error(errc::invalid_request, "no such lease");
  return lease_term{term};
}

surrender_report report_of(const command_tally& tally) {
  return {.dropped = tally.of(chunk_outcome::done),
          .absent = tally.of(chunk_outcome::absent),
          .pinned = tally.of(chunk_outcome::pinned),
          .in_use = tally.of(chunk_outcome::in_use)};
}

/// Has the worker drop the chunks and tell the index, as a command does.
caf::result<surrender_report> surrender(self_pointer self,
                                        const lender_services& services,
                                        const lender_options& options,
                                        const surrender_chunks& msg) {
  if (auto error = check_owner(msg.owner, msg.epoch, services))
    return error;
  run_command order;
  order.event_id = "surrender" + std::to_string(++self->state.surrenders);
  order.id = services.id;
  order.what.verb = operation::clear;
  order.what.where = msg.where;
  order.what.hashes = msg.hashes;
  order.timeout = options.surrender_timeout;
  const auto worker = services.worker();
  if (!worker)
    return caf::make_error(errc::not_ready, to_string(services.id));
  auto answer = self->make_response_promise<surrender_report>();
  self->request(worker, options.surrender_timeout * 2, order)
    .then(
      [answer](const command_result& result) mutable {
        answer.deliver(report_of(result.tally));
      },
      [answer](caf::error& why) mutable { answer.deliver(std::move(why)); });
  return answer;
}

void tick(self_pointer self, const worker_id& id) {
  auto& state = self->state;
  if (const auto ended = state.book.expire(self->clock().now()); ended > 0)
    spdlog::warn("lender: leases not returned in time worker={} leases={}",
                 to_string(id), ended);
  state.is_ticking = false;
  if (state.book.size() > 0)
    begin_ticking(self);
}

}  // namespace

lender_actor::behavior_type lender(self_pointer self,
                                   const lender_services& services,
                                   const lender_options& options) {
  self->set_down_handler([self](const caf::down_msg& down) {
    self->state.book.end_all_of(down.source);
  });
  return {
    [=](const lease_chunks& msg) { return lend(self, services, options, msg); },
    [=](const renew_chunk_lease& msg) {
      return renew(self, services, options, msg);
    },
    [self](const end_chunk_lease& msg) { self->state.book.end(msg.lease_id); },
    [=](const surrender_chunks& msg) {
      return surrender(self, services, options, msg);
    },
    [self](const loan_ready& msg) { enter(self, msg); },
    [=](const lease_tick&) { tick(self, services.id); },
  };
}

}  // namespace kvc
